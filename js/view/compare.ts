/** The comparison: a legend of runs, and panels of their metrics, settings and differences. Only the panel in sight is drawn. */
import { plural } from '../core/format';
import type { CompareData, Dispose, Source } from '../core/types';
import type { PlotlyLike } from '../plot/plotly';
import { compareStyle } from '../style/compare';
import { themeStyle } from '../style/theme';
import { contourPanel, importancePanel } from './compare_asked';
import { barsPanel, distributionPanel } from './compare_bars';
import { curvesPanel } from './compare_curves';
import { differencesPanel } from './compare_differences';
import { legend } from './compare_legend';
import { type Context, contextOf, type Panel } from './compare_model';
import { parallelPanel } from './compare_parallel';
import { picturesPanel } from './compare_pictures';
import { scatterPanel } from './compare_scatter';
import { tablePanel } from './compare_table';
import { h, setText } from './dom';
import { followTheme } from './theme';

const PANELS: readonly (readonly [title: string, make: (context: Context) => Panel])[] = [
  ['Metrics', curvesPanel],
  ['Parallel coordinates', parallelPanel],
  ['Scatter', scatterPanel],
  ['Distribution', distributionPanel],
  ['Bars', barsPanel],
  ['Contour', contourPanel],
  ['Importance', importancePanel],
  ['Table', tablePanel],
  ['Differences', differencesPanel],
  ['Images', picturesPanel],
];
const TOLD_MS = 6000;

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
  const told = h('span', { class: 'trk-told', role: 'status' });
  let telling = 0;
  const context = contextOf(
    source,
    load,
    () => view.dataset['trkTheme'] === 'dark',
    () => tabs.draw(),
    text => {
      setText(told, text);
      window.clearTimeout(telling);
      telling = window.setTimeout(() => setText(told, ''), TOLD_MS);
    },
  );
  const gone = h('span', { class: 'trk-dim', role: 'status' });
  head.append(gone, told);
  const runs = legend(context);
  const tabs = tabbed(context);
  view.append(h('style', {}, themeStyle + compareStyle), head, runs.node, tabs.node);
  let link = 'live';
  const tellLink = () => {
    setText(gone, link === 'gone' ? 'The kernel is gone: what had arrived stays.' : (source.get('trouble') ?? ''));
  };
  const stopLink = source.linked?.(now => {
    link = now;
    tellLink();
  });

  const draw = () => {
    const held = context.runs().length;
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
  const stops = (['runs', 'curves', 'changes', 'fresh', 'gone', 'title', 'total'] as const).map(key =>
    source.on(key, later),
  );
  stops.push(source.on('trouble', tellLink));
  tellLink();
  stops.push(source.on('state', () => JSON.stringify(source.get('state')) !== context.sent() && later()));
  const stopTheme = followTheme(view, later);
  draw();
  return () => {
    for (const stop of stops) stop();
    stopTheme();
    stopLink?.();
    window.clearTimeout(telling);
    cancelAnimationFrame(pending);
    tabs.close();
    context.dispose();
    view.remove();
  };
}

/** Tabs in the pattern that screen readers know: arrows move, the panel in sight is the only one drawn. */
function tabbed(context: Context): Panel & { close(): void } {
  const body = h('div', { class: 'trk-body', role: 'tabpanel' });
  const made = new Map<number, Panel>();
  const known = PANELS.findIndex(([title]) => title === context.state().tab);
  let active = Math.max(0, known);
  const buttons = PANELS.map(([text], i) => {
    const [word, ...rest] = text.split(' ');
    const tail = rest.length > 0 && h('span', {}, ` ${rest.join(' ')}`);
    const button = h('button', { type: 'button', role: 'tab', class: 'trk-tab', 'aria-label': text }, word, tail);
    button.addEventListener('click', () => open(i));
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
  const open = (i: number) => {
    show(i);
    context.change({ tab: PANELS[i]![0] });
  };
  list.addEventListener('keydown', event => {
    const places: Readonly<Record<string, number>> = {
      ArrowRight: (active + 1) % PANELS.length,
      ArrowLeft: (active - 1 + PANELS.length) % PANELS.length,
      Home: 0,
      End: PANELS.length - 1,
    };
    const to = places[event.key];
    if (to === undefined) return;
    open(to);
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
