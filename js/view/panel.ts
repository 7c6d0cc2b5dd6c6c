/** The experiments of a store and its latest runs, in a narrow list: what is running first. */
import type { ExperimentEntry, RunEntry } from '../core/browse';
import { formatCount, formatDuration, formatRelative, formatTime, plural, statusText } from '../core/format';
import type { Dispose } from '../core/types';
import type { OverviewModel } from '../remote/overview';
import { panelStyle } from '../style/bench';
import { themeStyle } from '../style/theme';
import { h, keyed, setText } from './dom';
import { ALL, type Route } from './route';
import { followTheme } from './theme';

const MOST_LATEST = 30;
const TICK = 5000;

export interface PanelView {
  /** Looks at another store. */
  show(model: OverviewModel): void;
  /** Marks what is looked at elsewhere in the page. */
  mark(route: Route): void;
  focus(): void;
  dispose: Dispose;
}

/** Draws the panel into `root`; `opened` is told what a person wants to see. */
export function panel(root: HTMLElement, model: OverviewModel, opened: (route: Route) => void): PanelView {
  const host = h('div', { class: 'trk-panel', 'data-lm-suppress-shortcuts': 'true', style: 'height:100%' });
  const shadow = host.attachShadow({ mode: 'open' });
  const find = h('input', {
    class: 'find',
    type: 'search',
    placeholder: 'Filter by name',
    'aria-label': 'Filter experiments and runs by name',
  });
  const said = h('p', { class: 'said', role: 'status', hidden: true });
  const running = section('Running');
  const experiments = section('Experiments');
  const latest = section('Latest runs');
  const all = h('button', { type: 'button', title: 'The runs of all experiments in one table' }, 'All runs');
  all.addEventListener('click', () => opened(ALL));
  experiments.title.append(all);
  const lists = h('div', { class: 'lists' }, running.node, experiments.node, latest.node);
  const frame = h('section', { class: 'panel', 'aria-label': 'Experiments and runs' }, find, said, lists);
  shadow.append(h('style', {}, themeStyle + panelStyle), frame);
  root.append(host);

  let current = model;
  let route: Route | null = null;
  const draw = () => {
    const { data } = current;
    said.hidden = current.said === '';
    setText(said, current.said);
    if (!data) return;
    const wanted = find.value.trim().toLowerCase();
    const fits = (...names: (string | null)[]) => names.some(name => (name ?? '').toLowerCase().includes(wanted));
    const runs = data.runs.filter(run => fits(run.name, run.experiment, run.id));
    const live = runs.filter(run => run.status === 'RUNNING');
    running.node.hidden = live.length === 0;
    runList(running.list, live, opened);
    const named = data.experiments.filter(each => fits(each.name));
    experimentList(experiments.list, named, opened);
    runList(latest.list, runs.filter(run => run.status !== 'RUNNING').slice(0, MOST_LATEST), opened);
    latest.node.hidden = !latest.list.firstChild;
    for (const item of lists.querySelectorAll('li')) {
      const id = item.dataset['key']!;
      const seen = route?.at === 'run' ? route.run === id : route?.at === 'runs' && route.experiments?.includes(id);
      item.firstElementChild!.ariaCurrent = seen ? 'true' : null;
    }
    experiments.none.hidden = named.length > 0;
    if (wanted) setText(experiments.none, `No experiment is called “${find.value.trim()}”.`);
    else experiments.none.replaceChildren('No runs yet. Write ', h('code', {}, '%%track'), ' at the top of a cell.');
  };
  let stop = current.on(draw);
  find.addEventListener('input', draw);
  for (const kind of ['keydown', 'keyup', 'keypress'] as const) {
    host.addEventListener(kind, event => event.stopPropagation());
  }
  const stopTheme = followTheme(host);
  const ticking = window.setInterval(() => host.isConnected && host.offsetParent && draw(), TICK);
  draw();
  return {
    show(next) {
      if (next === current) return;
      stop();
      current = next;
      stop = current.on(draw);
      draw();
    },
    mark(next) {
      route = next;
      draw();
    },
    focus: () => find.focus(),
    dispose() {
      stop();
      stopTheme();
      window.clearInterval(ticking);
      host.remove();
    },
  };
}

function section(title: string) {
  const heading = h('h3', {}, title);
  const list = h('ul', { 'aria-label': title });
  const none = h('p', { class: 'none', hidden: true });
  return { node: h('div', {}, heading, list, none), title: heading, list, none };
}

/** What follows the name stands beside the button: a button is called what is written on it. */
function row(): HTMLLIElement {
  const button = h('button', { type: 'button' });
  button.append(h('span', { class: 'dot' }), h('span', { class: 'name', dir: 'auto' }));
  return h('li', {}, button, h('span', { class: 'more' }));
}

function fill(item: HTMLLIElement, name: string, more: string, open: () => void): HTMLButtonElement {
  const [button, end] = item.children;
  setText(button!.lastElementChild!, name);
  setText(end!, more);
  item.onclick = open;
  return button as HTMLButtonElement;
}

function runList(list: HTMLElement, runs: readonly RunEntry[], opened: (route: Route) => void): void {
  const now = Date.now();
  keyed(
    list,
    runs,
    run => run.id,
    row,
    (item, run) => {
      const live = run.status === 'RUNNING';
      const name = run.name || run.id.slice(-8);
      const more = live ? formatDuration((now - run.started) / 1000) : formatRelative(run.started, now);
      const button = fill(item, name, more, () => opened({ at: 'run', run: run.id }));
      button.dataset['status'] = run.status;
      button.title = `${name} in ${run.experiment}: ${statusText(run.status)}, started ${formatTime(run.started)}`;
      button.setAttribute('aria-label', `Run ${name} in ${run.experiment}, ${statusText(run.status).toLowerCase()}`);
    },
  );
}

function experimentList(list: HTMLElement, all: readonly ExperimentEntry[], opened: (route: Route) => void): void {
  keyed(
    list,
    all,
    each => each.id,
    row,
    (item, each) => {
      const button = fill(item, each.name, formatCount(each.runs), () =>
        opened({ at: 'runs', experiments: [each.id] }),
      );
      const live = each.running > 0 ? `, ${formatCount(each.running)} running` : '';
      (button.firstElementChild as HTMLElement).hidden = each.running === 0;
      button.dataset['status'] = each.running > 0 ? 'RUNNING' : '';
      button.title = `${each.name}: ${plural(each.runs, 'run')}${live}`;
      button.setAttribute('aria-label', `Experiment ${each.name}, ${plural(each.runs, 'run')}${live}`);
    },
  );
}
