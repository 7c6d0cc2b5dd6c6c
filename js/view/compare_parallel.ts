/** The panel of parallel coordinates. */
import { axisColumns, type Brushes, parallel } from '../plot/parallel';
import type { Context, Panel } from './compare_model';
import { h } from './dom';

export function parallelPanel(context: Context): Panel {
  const brushes: Brushes = new Map();
  const note = h('span', { class: 'trk-dim' });
  const frame = h('div', { class: 'trk-parallel-frame' });
  const node = h('div', {}, h('div', { class: 'trk-bar' }, note), frame);
  let width = 0;
  const draw = () => {
    const runs = context.visible();
    const columns = axisColumns(
      context.table().columns,
      runs.map(run => run.row),
    );
    width = node.clientWidth;
    if (columns.length < 2) {
      note.textContent = '';
      frame.replaceChildren(
        h('p', { class: 'trk-empty' }, 'Needs two parameters or metrics in which the runs differ.'),
      );
      return;
    }
    const kept = (count: number) => {
      const all = count === runs.length;
      note.textContent = all
        ? 'Drag along an axis to keep the runs that pass there.'
        : `${count} of ${runs.length} runs kept`;
    };
    frame.replaceChildren(parallel(columns, runs, Math.max(300, width), brushes, kept));
  };
  const resized = new ResizeObserver(() => {
    if (node.clientWidth > 0 && Math.abs(node.clientWidth - width) > 8) draw();
  });
  resized.observe(node);
  return { node, draw, close: () => resized.disconnect() };
}
