/** An anywidget model seen as a view's Source: Arrow bytes are decoded once for each arrival, questions get their answers. */
import type { AnyModel, RenderProps } from '@anywidget/types';
import type { Answer, Ask, Link, Source } from '../core/types';
import type { PlotlyLike } from '../plot/plotly';

type Decoders<S> = { readonly [K in keyof S]?: (wire: never) => S[K] };

export interface HostOptions<S> {
  readonly decoders?: Decoders<S>;
  /** Names what Python wants to hear of; other settings stay in the page. */
  readonly keep?: readonly (keyof S & string)[];
  /** Whether Python answers questions about this view. */
  readonly asks?: boolean;
}

/** What was set is remembered at once, also where the kernel is busy or gone. */
export function modelSource<S extends object>(model: AnyModel, options: HostOptions<S> = {}): Source<S> {
  const { decoders = {}, keep = [], asks = false } = options as Required<HostOptions<S>>;
  const decoded = new Map<keyof S, { wire: unknown; value: unknown }>();
  return {
    get(key) {
      const wire: unknown = model.get(String(key));
      const decode = (decoders as Decoders<S>)[key] as ((wire: unknown) => unknown) | undefined;
      if (!decode || wire === undefined) return wire as never;
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
    ...(asks && { ask: asker(model) }),
    linked: changed => follow(model, changed),
  };
}

/** Loads plotly by the asset widget that this one names. */
export function charts(model: AnyModel, host: RenderProps['host']): () => Promise<PlotlyLike> {
  return async () => {
    const asset = await host.getWidget<{ load(): Promise<PlotlyLike> }>(model.get('plotly'));
    return asset.exports.load();
  };
}

interface Reply extends Omit<Answer, 'buffers'> {
  readonly answer?: number;
  readonly error?: string;
}

const GONE = 'The kernel that this was asked of has ended: run the cell again.';
let questions = 0;

/**
 * Each question carries a number, its answer the same: they may come out of order, from kernels busy for hours. When
 * the kernel is gone, nothing that waits will be answered any more.
 */
function asker(model: AnyModel): (question: Ask) => Promise<Answer> {
  const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  const self = Math.random().toString(36).slice(2);
  const hear = (reply: Reply & { readonly page?: string }, buffers: readonly DataView[]) => {
    const asked = reply?.page === self ? waiting.get(reply.answer ?? -1) : undefined;
    if (!asked) return;
    waiting.delete(reply.answer!);
    if (reply.error !== undefined) asked.reject(new Error(reply.error));
    else asked.resolve({ ...reply, buffers: buffers ?? [] });
  };
  model.on('msg:custom', hear as never);
  let gone = false;
  follow(model, link => {
    gone = link === 'gone';
    if (!gone) return;
    for (const { reject } of waiting.values()) reject(new Error(GONE));
    waiting.clear();
  });
  return question =>
    new Promise((resolve, reject) => {
      if (gone) {
        reject(new Error(GONE));
        return;
      }
      const number = questions++;
      waiting.set(number, { resolve, reject });
      model.send({ ask: number, page: self, question });
    });
}

interface Managed {
  readonly kernel?: {
    readonly isDisposed?: boolean;
    readonly status?: string;
    readonly statusChanged?: Listened;
    readonly disposed?: Listened;
  };
}

interface Listened {
  connect(listener: () => void): unknown;
  disconnect(listener: () => void): unknown;
}

const ENDED = ['dead', 'terminating', 'restarting', 'autorestarting'];

/** A front end that says so tells when its kernel has ended or a restart took the widget's other half away. */
function follow(model: AnyModel, changed: (link: Link) => void): () => void {
  const manager = (model as { readonly widget_manager?: Managed }).widget_manager;
  const kernel = manager?.kernel;
  let gone = false;
  const look = () => {
    if (gone || !(kernel?.isDisposed || ENDED.includes(kernel?.status ?? ''))) return;
    gone = true;
    changed('gone');
  };
  const closed = () => {
    gone = true;
    changed('gone');
  };
  kernel?.statusChanged?.connect(look);
  kernel?.disposed?.connect(closed);
  model.on('comm:close', closed);
  look();
  return () => {
    kernel?.statusChanged?.disconnect(look);
    kernel?.disposed?.disconnect(closed);
    model.off('comm:close', closed);
  };
}
