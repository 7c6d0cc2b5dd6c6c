/** The run table as an anywidget: runs and curves come as Arrow, and later what changed of them. */
import type { RenderProps } from '@anywidget/types';
import { curvesFromArrow, tableFromArrow } from '../core/columns';
import { localSource } from '../core/local';
import type { RunData, RunDetail } from '../core/run';
import type { Source, TableData } from '../core/types';
import type { runView } from '../view/run';
import { runPane } from '../view/run_pane';
import { table } from '../view/table';
import { charts, modelSource } from './host';

export default {
  render({ model, el, host }: RenderProps) {
    const source = modelSource<TableData>(model, {
      decoders: { runs: tableFromArrow, changes: tableFromArrow, sparks: curvesFromArrow },
      keep: ['state', 'selected', 'columns'],
      asks: true,
    });
    const plotly = charts(model, host);
    const pane = runPane(async (root, id, closed) => {
      const run = (await source.ask!({ do: 'detail', run: id }))['run'] as RunDetail;
      // Python has told the names of these modules before it answered: until a run is opened, none are sent.
      const { exports } = await host.getWidget<{ runView: typeof runView }>(model.get('detail'));
      const { ask, linked } = source;
      const shown = { ...localSource<RunData>({ id, run }), ask, linked } as Source<RunData>;
      return exports.runView(root, shown, { plotly, closed });
    });
    const stop = table(el, source, { opened: pane.open });
    el.append(pane.node);
    return () => {
      pane.close();
      stop();
    };
  },
};
