/** An anywidget model seen as a view's Source: Arrow bytes are decoded once for each arrival. */
import type { AnyModel } from '@anywidget/types';
import type { Source } from '../core/types';

type Decoders<S> = { readonly [K in keyof S]?: (wire: never) => S[K] };

/**
 * `keep` names what Python wants to hear of; other settings stay in the page. What was set is remembered at once, also
 * where the kernel is busy or gone.
 */
export function modelSource<S extends object>(
  model: AnyModel,
  decoders: Decoders<S> = {},
  keep: readonly (keyof S & string)[] = [],
): Source<S> {
  const decoded = new Map<keyof S, { wire: unknown; value: unknown }>();
  return {
    get(key) {
      const wire: unknown = model.get(String(key));
      const decode = decoders[key] as ((wire: unknown) => unknown) | undefined;
      if (!decode) return wire as never;
      const known = decoded.get(key);
      if (known && known.wire === wire) return known.value as never;
      const value = decode(wire);
      decoded.set(key, { wire, value });
      return value as never;
    },
    set(key, value) {
      model.set(String(key), value);
      if (keep.includes(key as never)) model.save_changes();
    },
    on(key, changed) {
      const event = `change:${String(key)}`;
      model.on(event, changed);
      return () => model.off(event, changed);
    },
  };
}
