/** The panel of parallel coordinates. */
import { axisColumns, type Brushes, parallel } from '../plot/parallel';
import { pythonCall, svgTools } from './compare_frame';
import type { Context, Panel } from './compare_model';
import { h } from './dom';

export function parallelPanel(context: Context): Panel {
  const brushes: Brushes = new Map(Object.entries(context.state().brushes ?? {}));
  let inside: readonly number[] = [];
  const note = h('span', { class: 'trk-dim' });
  const frame = h('div', { class: 'trk-parallel-frame' });
  const python = () => pythonCall(context, 'parallel', []);
  const tools = svgTools(context, 'Parallel coordinates', () => frame.querySelector('svg'), python);
  const node = h('div', {}, h('div', { class: 'trk-bar' }, note, tools), frame);
  let width = 0;
  const stop = context.onHover(id => {
    frame.classList.toggle('trk-pointing', id !== null);
    for (const line of frame.querySelectorAll('.trk-run-line')) {
      line.classList.toggle('trk-on', line.getAttribute('data-run') === id);
    }
  });
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
    const kept = (places: readonly number[]) => {
      inside = places;
      const all = places.length === runs.length;
      note.textContent = all
        ? 'Drag along an axis to select the runs that pass there.'
        : `${places.length} of ${runs.length} runs selected`;
    };
    const done = () => {
      context.select(inside.length === runs.length ? [] : inside.map(place => runs[place]!.id));
      context.change({ brushes: Object.fromEntries(brushes) });
    };
    const pointed = (place: number | null) => context.hover(place === null ? null : runs[place]!.id);
    frame.replaceChildren(parallel(columns, runs, Math.max(300, width), brushes, { kept, done, pointed }));
  };
  const resized = new ResizeObserver(() => {
    if (node.clientWidth > 0 && Math.abs(node.clientWidth - width) > 8) draw();
  });
  resized.observe(node);
  const close = () => {
    stop();
    resized.disconnect();
  };
  return { node, draw, close };
}
