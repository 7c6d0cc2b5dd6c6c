/** One run of a server's store in full, kept current. */
import { localSource } from '../core/local';
import type { RunData, RunDetail } from '../core/run';
import type { Source } from '../core/types';
import type { PlotlyLike } from '../plot/plotly';
import type { RemoteStore } from '../remote/store';
import { h } from './dom';
import type { Route } from './route';
import { runView } from './run';

export interface RunPageOptions {
  readonly store: RemoteStore;
  readonly run: string;
  readonly plotly: () => Promise<PlotlyLike>;
  readonly opened: (route: Route) => void;
  /** The run's name is known now. */
  readonly named: () => void;
}

export function runPage(options: RunPageOptions) {
  const { store, run, plotly } = options;
  const node = h('div', { 'data-run': run });
  let name = '';
  const source: Source<RunData> = {
    ...localSource<RunData>({ id: run, run: null }),
    async ask(question) {
      const answer = await store.ask(question);
      const found = question.do === 'detail' ? (answer['run'] as RunDetail).name : name;
      if (found !== name) {
        name = found;
        options.named();
      }
      return answer;
    },
  };
  const remove = runView(node, source, {
    plotly,
    opened: other => options.opened({ at: 'run', run: other }),
    fileUrl: (of, path) => store.fileUrl(of, path, true),
    changed: listener => store.onChanged(listener),
  });
  return {
    node,
    title: () => name || run.slice(-8),
    fills: false,
    dispose() {
      remove();
      node.remove();
    },
  };
}
