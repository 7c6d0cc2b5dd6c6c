/** Data that a page holds itself as a view's Source: what a person does is kept for as long as the display lives. */
import type { Source } from './types';

export interface LocalSource<S> extends Source<S> {
  /** Other data in place of some of what is held; listeners hear of it. */
  replace(part: Partial<S>): void;
}

export function localSource<S extends object>(data: S): LocalSource<S> {
  const held = { ...data };
  const listeners = new Map<keyof S, Set<() => void>>();
  const put = (key: keyof S, value: S[keyof S]) => {
    if (held[key] === value) return;
    held[key] = value;
    for (const changed of [...(listeners.get(key) ?? [])]) changed();
  };
  return {
    get: key => held[key],
    set: put,
    on(key, changed) {
      const known = listeners.get(key) ?? new Set();
      listeners.set(key, known.add(changed));
      return () => known.delete(changed);
    },
    replace(part) {
      for (const key of Object.keys(part) as (keyof S)[]) put(key, part[key] as S[keyof S]);
    },
  };
}
