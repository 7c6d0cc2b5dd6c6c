/**
 * The workbench over a store: its runs in a table, some of them compared, one of them in full. The table stays as it
 * is (scrolled, sorted, selected) while another thing is looked at.
 */
import { formatCount } from '../core/format';
import type { Dispose } from '../core/types';
import type { PlotlyLike } from '../plot/plotly';
import type { OverviewModel } from '../remote/overview';
import { compareSource, tableSource } from '../remote/sources';
import { benchStyle } from '../style/bench';
import { themeStyle } from '../style/theme';
import { compare } from './compare';
import { h, setText } from './dom';
import { rememberedState, rememberState } from './remembered';
import { ALL, type Route } from './route';
import { runPage } from './run_page';
import { table } from './table';
import { followTheme } from './theme';

export interface BenchHost {
  readonly overview: OverviewModel;
  readonly plotly: () => Promise<PlotlyLike>;
  /** Something else is shown now. */
  shown(route: Route, title: string): void;
  /** What can be done with a run, beside what the view of it offers. */
  readonly actions?: readonly { readonly label: string; act(run: string): void }[];
}

export interface Bench {
  go(route: Route): void;
  readonly route: Route;
  dispose: Dispose;
}

interface Shown {
  readonly node: HTMLElement;
  readonly title: () => string;
  readonly fills: boolean;
  dispose: Dispose;
}

/** Draws the workbench into `root`, which has a height of its own. */
export function bench(root: HTMLElement, host: BenchHost, first: Route): Bench {
  const { overview } = host;
  const { store } = overview;
  const back = button('‹ Runs', 'Back to the run table', () => go(runs));
  const pick = h('select', { 'aria-label': 'Experiment' });
  const title = h('span', { class: 'trk-bench-title', dir: 'auto' });
  const together = button('Compare', 'Compare the selected runs', () => go({ at: 'compare', runs: selected() }));
  together.classList.add('main');
  const where = h('bdi', {});
  const place = h('span', { class: 'trk-bench-where' }, where);
  const acts = (host.actions ?? []).map(({ label, act }) =>
    button(label, label, () => route.at === 'run' && act(route.run)),
  );
  const bar = h('div', { class: 'trk-bench-bar' }, back, pick, title, together, ...acts, place);
  const said = h('p', { class: 'trk-bench-said', role: 'status', hidden: true });
  const body = h('div', { class: 'trk-bench-body' });
  const frame = h('section', { class: 'trk-view trk-bench', 'aria-label': 'tracker' });
  frame.append(h('style', {}, themeStyle + benchStyle), bar, said, body);
  root.append(frame);

  let route = first;
  let runs: Route = first.at === 'runs' ? first : ALL;
  let kept: (Shown & { readonly key: string; readonly selected: () => readonly string[] }) | null = null;
  let beside: Shown | null = null;
  const problem = { view: '', server: '' };
  const tell = () => {
    const text = problem.server || problem.view;
    said.hidden = text === '';
    setText(said, text);
  };
  const tells = {
    said(text: string) {
      problem.view = text;
      tell();
    },
  };

  function selected(): readonly string[] {
    return kept?.selected() ?? [];
  }

  function tableOf(experiments: readonly string[] | null): NonNullable<typeof kept> {
    const key = JSON.stringify(experiments);
    if (kept?.key === key) return kept;
    kept?.dispose();
    const name = () => names(experiments);
    const known = `${store.folder} ${key}`;
    const followed = tableSource(store, experiments, name(), rememberedState(known), tells);
    const node = h('div', {});
    body.append(node);
    const opened = (run: string) => go({ at: 'run', run });
    const remove = table(node, followed.source, { tallest: null, opened });
    const stops = [
      followed.source.on('selected', drawBar),
      followed.source.on('state', () => rememberState(known, followed.source.get('state'))),
    ];
    return {
      key,
      node,
      title: name,
      fills: true,
      selected: () => followed.source.get('selected'),
      dispose() {
        for (const stop of stops) stop();
        remove();
        followed.dispose();
        node.remove();
      },
    };
  }

  function compared(ids: readonly string[]): Shown {
    const followed = compareSource(store, ids, tells);
    const node = h('div', {});
    const remove = compare(node, followed.source, host.plotly);
    return {
      node,
      title: () => `Comparison of ${formatCount(ids.length)} runs`,
      fills: false,
      dispose() {
        remove();
        followed.dispose();
        node.remove();
      },
    };
  }

  function names(experiments: readonly string[] | null): string {
    if (!experiments) return 'All runs';
    const known = new Map((overview.data?.experiments ?? []).map(each => [each.id, each.name]));
    return (
      experiments
        .map(id => known.get(id) ?? '')
        .filter(Boolean)
        .join(', ') || 'Runs'
    );
  }

  function go(next: Route): void {
    route = next;
    tells.said('');
    beside?.dispose();
    beside = null;
    if (next.at === 'runs') {
      runs = next;
      kept = tableOf(next.experiments);
    } else {
      beside =
        next.at === 'compare'
          ? compared(next.runs)
          : runPage({ store, run: next.run, plotly: host.plotly, opened: go, named: tellShown });
      body.append(beside.node);
    }
    if (kept) kept.node.hidden = next.at !== 'runs';
    body.classList.toggle('fill', (beside ?? kept)?.fills ?? false);
    body.scrollTop = 0;
    drawBar();
    tellShown();
  }

  function tellShown(): void {
    const text = (beside ?? kept)?.title() ?? '';
    if (route.at !== 'runs') setText(title, text);
    host.shown(route, text);
  }

  function drawBar(): void {
    const inTable = route.at === 'runs';
    back.hidden = inTable;
    pick.hidden = !inTable;
    title.hidden = inTable;
    for (const act of acts) act.hidden = route.at !== 'run';
    const count = inTable ? selected().length : 0;
    together.hidden = count < 2;
    setText(together, `Compare ${formatCount(count)} runs`);
  }

  function drawOverview(): void {
    const { data } = overview;
    problem.server = overview.said;
    if (data && !data.made) problem.server ||= `There is no store at ${data.store} yet: the first run makes it.`;
    if (data && data.damaged > 0) problem.server ||= 'Some files of this store are damaged; the rest of it is shown.';
    tell();
    if (!data) return;
    setText(where, data.store);
    place.title = data.store;
    const chosen = runs.at === 'runs' ? (runs.experiments?.join(',') ?? '') : '';
    const options = [h('option', { value: '' }, 'All experiments')];
    for (const each of data.experiments) options.push(h('option', { value: each.id }, `${each.name} (${each.runs})`));
    if (chosen.includes(',')) options.push(h('option', { value: chosen }, names(chosen.split(','))));
    if (document.activeElement !== pick) {
      pick.replaceChildren(...options);
      pick.value = chosen;
    }
    if (route.at === 'runs') tellShown();
  }

  pick.addEventListener('change', () => {
    go({ at: 'runs', experiments: pick.value ? pick.value.split(',') : null });
    pick.blur();
  });
  const stops = [overview.on(drawOverview), followTheme(frame)];
  go(first);
  drawOverview();
  return {
    go,
    get route() {
      return route;
    },
    dispose() {
      for (const stop of stops) stop();
      beside?.dispose();
      kept?.dispose();
      frame.remove();
    },
  };
}

function button(text: string, title: string, press: () => void): HTMLButtonElement {
  const node = h('button', { type: 'button', title }, text);
  node.addEventListener('click', press);
  return node;
}
