/** One run of a server's store in full, kept current. */

import { localSource } from '../core/local';
import type { RunCard } from '../core/types';
import type { PlotlyLike } from '../plot/plotly';
import { follow } from '../remote/follow';
import { sentence, type Tells } from '../remote/sources';
import type { RemoteStore } from '../remote/store';
import { card } from './card';
import { h } from './dom';
import type { Route } from './route';

export interface RunPageOptions {
  readonly store: RemoteStore;
  readonly run: string;
  readonly plotly: () => Promise<PlotlyLike>;
  readonly opened: (route: Route) => void;
  readonly tells: Tells;
  /** The run's name is known now. */
  readonly named: () => void;
}

export function runPage(options: RunPageOptions) {
  const { store, run, tells } = options;
  const node = h('div', {});
  const held = localSource<{ run: RunCard | null }>({ run: null });
  const remove = card(node, held as never);
  let name = '';
  const look = async () => {
    const answer = await store.ask({ do: 'detail', run });
    const found = answer['run'] as RunCard;
    held.replace({ run: found });
    tells.said('');
    if (found.name === name) return;
    name = found.name;
    options.named();
  };
  const stop = follow(store, look, error => tells.said(sentence(error)));
  return {
    node,
    title: () => name || run.slice(-8),
    fills: false,
    dispose() {
      stop();
      remove();
      node.remove();
    },
  };
}
