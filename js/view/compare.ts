/** The comparison: a legend of runs, and panels of their metrics, settings and differences. Only the panel in sight is drawn. */
import { plural } from '../core/format';
import type { CompareData, Dispose, Source } from '../core/types';
import type { PlotlyLike } from '../plot/plotly';
import { compareStyle } from '../style/compare';
import { themeStyle } from '../style/theme';
import { curvesPanel } from './compare_curves';
import { legend } from './compare_legend';
import { type Context, contextOf, type Panel } from './compare_model';
import { parallelPanel } from './compare_parallel';
import { scatterPanel } from './compare_scatter';
import { tablePanel } from './compare_table';
import { h, setText } from './dom';
import { followTheme } from './theme';

const PANELS: readonly (readonly [title: string, make: (context: Context) => Panel])[] = [
  ['Metrics', curvesPanel],
  ['Parallel coordinates', parallelPanel],
  ['Scatter', scatterPanel],
  ['Table', tablePanel],
];

/** Draws the runs of `source` into `root`, with plotly got by `plotly` when a chart first needs it. */
export function compare(root: HTMLElement, source: Source<CompareData>, plotly: () => Promise<PlotlyLike>): Dispose {
  const title = h('span', { class: 'trk-title' });
  const count = h('span', { class: 'trk-dim' });
  const head = h('header', { class: 'trk-head' }, title, count);
  const view = h('section', { class: 'trk-view trk-compare', 'data-lm-suppress-shortcuts': 'true' });
  root.append(view);
  let asset: Promise<PlotlyLike> | null = null;
  const load = () => {
    asset ??= plotly();
    return asset;
  };
  const hidden = new Set<string>();
  const context = contextOf(
    source,
    load,
    hidden,
    () => view.dataset['trkTheme'] === 'dark',
    () => tabs.draw(),
  );
  const runs = legend(context, hidden, () => tabs.draw());
  const tabs = tabbed(context);
  view.append(h('style', {}, themeStyle + compareStyle), head, runs.node, tabs.node);

  const draw = () => {
    const held = source.get('runs').length;
    const total = source.get('total');
    setText(title, source.get('title') || 'Comparison');
    setText(count, total > held ? `${plural(held, 'run')} of ${plural(total, 'run')}` : plural(held, 'run'));
    view.setAttribute('aria-label', `Comparison of ${plural(held, 'run')}`);
    runs.draw();
    tabs.draw();
  };
  let pending = 0;
  const later = () => {
    pending ||= requestAnimationFrame(() => {
      pending = 0;
      draw();
    });
  };
  const stops = (['runs', 'curves', 'title', 'total'] as const).map(key => source.on(key, later));
  const stopTheme = followTheme(view, later);
  draw();
  return () => {
    for (const stop of stops) stop();
    stopTheme();
    cancelAnimationFrame(pending);
    tabs.close();
    view.remove();
  };
}

/** Tabs in the pattern that screen readers know: arrows move, the panel in sight is the only one drawn. */
function tabbed(context: Context): Panel & { close(): void } {
  const body = h('div', { class: 'trk-body', role: 'tabpanel' });
  const made = new Map<number, Panel>();
  let active = 0;
  const buttons = PANELS.map(([text], i) => {
    const [word, ...rest] = text.split(' ');
    const tail = rest.length > 0 && h('span', {}, ` ${rest.join(' ')}`);
    const button = h('button', { type: 'button', role: 'tab', class: 'trk-tab', 'aria-label': text }, word, tail);
    button.addEventListener('click', () => show(i));
    return button;
  });
  const list = h('div', { class: 'trk-tabs', role: 'tablist', 'aria-label': 'Views of the comparison' }, ...buttons);
  const show = (i: number) => {
    active = i;
    buttons.forEach((button, at) => {
      button.setAttribute('aria-selected', String(at === i));
      button.tabIndex = at === i ? 0 : -1;
    });
    const panel = made.get(i) ?? PANELS[i]![1](context);
    made.set(i, panel);
    body.setAttribute('aria-label', PANELS[i]![0]);
    body.replaceChildren(panel.node);
    panel.draw();
  };
  list.addEventListener('keydown', event => {
    const move = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (move === 0) return;
    show((active + move + PANELS.length) % PANELS.length);
    buttons[active]!.focus();
    event.preventDefault();
  });
  let shown = false;
  return {
    node: h('div', {}, list, body),
    draw() {
      if (shown) made.get(active)?.draw();
      else show(active);
      shown = true;
    },
    close() {
      for (const panel of made.values()) panel.close?.();
    },
  };
}
