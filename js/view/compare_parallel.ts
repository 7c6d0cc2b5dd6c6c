/** The panel of parallel coordinates. */

import { rampColor, scaleOf } from '../core/figures';
import { axisColumns, type Brushes, parallel } from '../plot/parallel';
import { pythonCall, svgTools } from './compare_frame';
import { type Context, numberOptions, type Panel, type ShownRun } from './compare_model';
import { field, fillSelect, select } from './controls';
import { h } from './dom';

const COLOR = 'Parallel coordinates.color';

export function parallelPanel(context: Context): Panel {
  const brushes: Brushes = new Map(Object.entries(context.state().brushes ?? {}));
  let inside: readonly number[] = [];
  const note = h('span', { class: 'trk-dim' });
  const frame = h('div', { class: 'trk-parallel-frame' });
  const color = () => {
    const kept = context.state().chosen?.[COLOR] ?? '';
    return context.table().column(kept)?.kind === 'number' ? kept : '';
  };
  const python = () => pythonCall(context, 'parallel', [], { color: color() });
  const colors = select([], '', value => context.change({ chosen: { ...context.state().chosen, [COLOR]: value } }));
  const tools = svgTools(context, 'Parallel coordinates', () => frame.querySelector('svg'), python);
  const node = h('div', {}, h('div', { class: 'trk-bar' }, field('Colour', colors), note, tools), frame);
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
    fillSelect(colors, [['', 'run'], ...numberOptions(context)], color());
    const held = frame.querySelector('.trk-zone:focus')?.getAttribute('data-axis');
    frame.replaceChildren(
      parallel(columns, coloured(context, runs, color()), Math.max(300, width), brushes, { kept, done, pointed }),
    );
    for (const zone of frame.querySelectorAll<SVGElement>('.trk-zone')) {
      if (held && zone.getAttribute('data-axis') === held) zone.focus();
    }
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

/** The runs in the colours of their values; without one where a run has none. */
function coloured(context: Context, runs: readonly ShownRun[], name: string): readonly ShownRun[] {
  const column = name ? context.table().column(name) : undefined;
  if (!column) return runs;
  const scale = scaleOf(
    column,
    runs.map(run => run.row),
  );
  return runs.map(run => ({ ...run, style: { color: rampColor(scale.at(run.row)), dash: 'solid' } }));
}
