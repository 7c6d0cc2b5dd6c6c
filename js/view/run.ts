/**
 * One run in full: at a glance, its metrics, files, code, output and data. It is told what it has at once and asks for
 * the rest; without anybody to ask it shows what it was told. A run that goes on is asked for again now and then.
 */
import { formatDuration, formatRelative, formatTime, statusText } from '../core/format';
import type { RunData, RunDetail } from '../core/run';
import type { Dispose, Source } from '../core/types';
import type { PlotlyLike } from '../plot/plotly';
import { runStyle } from '../style/run';
import { themeStyle } from '../style/theme';
import { h, setText } from './dom';
import { filesPanel } from './run_files';
import { metricsPanel } from './run_metrics';
import { edit, overviewPanel } from './run_overview';
import { actionButton, copyButton, type RunContext, type RunPanel, sentence } from './run_parts';
import { codePanel, dataPanel, outputPanel } from './run_text';
import { followTheme } from './theme';

const AGAIN = 2000;
const TOLD = 5000;

export interface RunOptions {
  /** Brings plotly when a chart first needs it; without it curves are small lines. */
  readonly plotly?: () => Promise<PlotlyLike>;
  /** Another run was asked for; without it that run is shown in this one's place. */
  readonly opened?: (run: string) => void;
  /** Where the host serves a file whole. */
  readonly fileUrl?: (run: string, path: string) => string;
  /** Nothing is to change any more: no edits, no asking again, no downloads. */
  readonly still?: boolean;
  /** Calls back when something in the run's store has changed; without it a run that goes on is asked for now and then. */
  readonly changed?: (listener: () => void) => Dispose;
  /** Shows a button that closes the view. */
  readonly closed?: () => void;
}

/** Shows the run of `source` in `root`; what comes back takes it away again. */
export function runView(root: HTMLElement, source: Source<RunData>, options: RunOptions = {}): Dispose {
  const view = new RunView(root, source, options);
  return () => view.dispose();
}

class RunView {
  readonly #node = h('section', { class: 'trk-view trk-detail', 'data-lm-suppress-shortcuts': 'true' });
  readonly #source: Source<RunData>;
  readonly #options: RunOptions;
  readonly #head: Head;
  readonly #told = h('span', { class: 'trk-told', role: 'status' });
  readonly #said = h('p', { class: 'trk-none', role: 'status' });
  readonly #tabs: Tabs;
  readonly #stops: Dispose[] = [];
  #run: RunDetail | null = null;
  #id = '';
  #telling = 0;
  #again = 0;
  #gone = false;
  #asked = 0;

  constructor(root: HTMLElement, source: Source<RunData>, options: RunOptions) {
    this.#source = source;
    this.#options = options;
    const context = this.#context();
    this.#head = new Head(context, options.closed ?? null);
    const files = filesPanel(context);
    this.#tabs = new Tabs([
      ['Overview', overviewPanel(context)],
      ['Metrics', metricsPanel(context, () => this.#node.dataset['trkTheme'] === 'dark')],
      ['Files', files],
      ['Code', codePanel(context)],
      ['Output', outputPanel(context)],
      ['Data', dataPanel()],
    ]);
    this.#openFile = path => {
      this.#tabs.open('Files');
      void files.show(path);
    };
    this.#tabs.node.hidden = true;
    const style = h('style', {}, themeStyle + runStyle);
    this.#node.append(style, this.#head.node, this.#told, this.#said, this.#tabs.node);
    this.#node.addEventListener('keydown', event => {
      event.stopPropagation();
      const writing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      if (event.key === 'Escape' && !writing) options.closed?.();
    });
    root.append(this.#node);
    this.#stops.push(
      source.on('id', () => this.#begin()),
      source.on('run', () => this.#begin()),
      followTheme(this.#node, () => this.#run && this.#tabs.update(this.#run, true)),
    );
    if (options.changed) this.#stops.push(options.changed(() => void this.#fetch()));
    const look = () => this.#look();
    window.addEventListener('focus', look);
    this.#stops.push(() => window.removeEventListener('focus', look));
    if (source.linked) {
      this.#stops.push(
        source.linked(link => {
          this.#gone = link === 'gone';
          if (this.#gone) this.#say('The kernel is gone: what had arrived stays.');
        }),
      );
    }
    this.#begin();
  }

  #openFile: (path: string) => void = () => {};

  #context(): RunContext {
    const { plotly, opened, fileUrl, still } = this.#options;
    let asset: Promise<PlotlyLike> | null = null;
    const load = plotly
      ? () => {
          asset ??= plotly();
          return asset;
        }
      : null;
    const { ask } = this.#source;
    return {
      run: () => this.#run!,
      ask: ask ?? null,
      still: still ?? !ask,
      plotly: load,
      fileUrl: fileUrl ? path => fileUrl(this.#id, path) : null,
      open: opened ?? (ask ? run => this.#source.set('id', run) : null),
      openFile: path => this.#openFile(path),
      tell: text => {
        setText(this.#told, text);
        window.clearTimeout(this.#telling);
        this.#telling = window.setTimeout(() => setText(this.#told, ''), TOLD);
      },
      refresh: () => void this.#fetch(),
    };
  }

  #begin(): void {
    const known = this.#source.get('run');
    const id = this.#source.get('id') || known?.id || '';
    const other = id !== this.#id;
    this.#id = id;
    if (known && known.id === id && (other || !this.#source.ask)) this.#show(known);
    else if (other || !this.#run) void this.#fetch();
  }

  async #fetch(): Promise<void> {
    const id = this.#id;
    window.clearTimeout(this.#again);
    if (!this.#source.ask || !id) return;
    if (this.#run?.id !== id) this.#say('Reading the run …');
    this.#asked = Date.now();
    try {
      const answer = await this.#source.ask({ do: 'detail', run: id });
      if (id !== this.#id) return;
      this.#show(answer['run'] as RunDetail);
    } catch (error) {
      if (id !== this.#id) return;
      this.#say(sentence(error));
      this.#plan();
    }
  }

  /** A person is back at this page: what was changed elsewhere meanwhile is to be seen. */
  #look(): void {
    const still = this.#options.still || this.#gone || this.#node.offsetParent === null;
    if (!still && this.#run && Date.now() - this.#asked > AGAIN) void this.#fetch();
  }

  #say(text: string): void {
    setText(this.#said, text);
    this.#said.hidden = text === '';
  }

  #show(run: RunDetail): void {
    this.#run = run;
    this.#say(run.deleted ? 'This run is in the bin: restore it to keep it.' : '');
    this.#node.dataset['status'] = run.status;
    this.#node.setAttribute('aria-label', `Run ${run.name || run.id}`);
    this.#tabs.node.hidden = false;
    this.#head.update(run);
    this.#tabs.update(run);
    if (run.status === 'RUNNING') this.#plan();
  }

  /** Asks again in a while, later where nobody looks. */
  #plan(): void {
    window.clearTimeout(this.#again);
    if (!this.#source.ask || this.#options.still || this.#gone || this.#run?.status !== 'RUNNING') return;
    const wait = document.hidden || this.#node.offsetParent === null ? 10 * AGAIN : AGAIN;
    this.#again = window.setTimeout(() => void this.#fetch(), wait);
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
    window.clearTimeout(this.#telling);
    window.clearTimeout(this.#again);
    this.#id = '';
    this.#tabs.close();
    this.#node.remove();
  }
}

class Head {
  readonly node: HTMLElement;
  readonly #chip = h('span', { class: 'trk-chip' });
  readonly #name = h('h2', { dir: 'auto' });
  readonly #facts = h('span', { class: 'trk-dim', dir: 'auto' });
  readonly #star: HTMLButtonElement;
  readonly #context: RunContext;

  constructor(context: RunContext, closed: (() => void) | null) {
    this.#context = context;
    this.#star = actionButton('☆', () => {
      const star = !context.run().star;
      void edit(context, { star }, star ? 'Starred.' : 'No longer starred.');
    });
    this.#star.classList.add('trk-star');
    const python = copyButton(
      context,
      'Copy as Python',
      () => `tracker.show("${context.run().id}")`,
      'the Python call',
    );
    const rename = !context.still ? actionButton('Rename', () => this.#rename()) : null;
    const close = closed ? actionButton('×', closed, 'Close') : null;
    close?.setAttribute('aria-label', 'Close');
    const tools = h('span', { class: 'trk-tools' }, context.still ? null : this.#star, rename, python, close);
    const title = h('div', { class: 'trk-title' }, this.#name, this.#facts);
    this.node = h('header', { class: 'trk-head' }, this.#chip, title, tools);
  }

  update(run: RunDetail): void {
    setText(this.#chip, statusText(run.status));
    const label = run.name || run.id.slice(-8);
    if (!this.#name.querySelector('input')) setText(this.#name, label);
    const end = run.ended ?? (run.status === 'RUNNING' ? Date.now() : run.started);
    const took = formatDuration(Math.max(0, end - run.started) / 1000);
    const facts = [run.experiment, formatRelative(run.started, Date.now()), took, run.user];
    setText(this.#facts, facts.filter(Boolean).join(' · '));
    this.#facts.title = `Started ${formatTime(run.started)}\nRun id ${run.id}`;
    setText(this.#star, run.star ? '★' : '☆');
    this.#star.setAttribute('aria-label', run.star ? 'Remove the star' : 'Star this run');
  }

  #rename(): void {
    const run = this.#context.run();
    const input = h('input', { class: 'trk-find', dir: 'auto', 'aria-label': 'Name' });
    input.value = run.name;
    const finish = (keep: boolean) => {
      if (!input.isConnected) return;
      const name = input.value.trim();
      this.#name.replaceChildren(run.name || run.id.slice(-8));
      if (keep && name && name !== run.name) void edit(this.#context, { name }, 'Renamed.');
    };
    input.addEventListener('keydown', event => {
      if (event.key === 'Enter') finish(true);
      if (event.key === 'Escape') finish(false);
    });
    input.addEventListener('blur', () => finish(false));
    this.#name.replaceChildren(input);
    input.select();
    input.focus();
  }
}

/** Tabs in the pattern that screen readers know; only the panel in sight is kept current. */
class Tabs {
  readonly node: HTMLElement;
  readonly #panels: readonly (readonly [title: string, panel: RunPanel])[];
  readonly #buttons: readonly HTMLButtonElement[];
  readonly #counts: readonly HTMLElement[];
  readonly #body = h('div', { class: 'trk-sight', role: 'tabpanel' });
  #active = 0;
  #run: RunDetail | null = null;

  constructor(panels: readonly (readonly [title: string, panel: RunPanel])[]) {
    this.#panels = panels;
    this.#counts = panels.map(() => h('span', { class: 'trk-badge' }));
    this.#buttons = panels.map(([title], i) => {
      const button = h('button', { type: 'button', role: 'tab', class: 'trk-tab' }, title, ' ', this.#counts[i]);
      button.addEventListener('click', () => this.#choose(i));
      return button;
    });
    const list = h('div', { class: 'trk-tabs', role: 'tablist', 'aria-label': 'Parts of the run' }, ...this.#buttons);
    list.addEventListener('keydown', event => {
      const move = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
      if (move === 0) return;
      this.#choose((this.#active + move + panels.length) % panels.length);
      this.#buttons[this.#active]!.focus();
      event.preventDefault();
    });
    this.node = h('div', {}, list, this.#body);
    this.#mark();
  }

  open(title: string): void {
    this.#choose(this.#panels.findIndex(([name]) => name === title));
  }

  #choose(i: number): void {
    this.#active = i;
    this.#mark();
    if (this.#run) this.update(this.#run);
  }

  #mark(): void {
    this.#buttons.forEach((button, i) => {
      button.setAttribute('aria-selected', String(i === this.#active));
      button.tabIndex = i === this.#active ? 0 : -1;
    });
    const [title, panel] = this.#panels[this.#active]!;
    this.#body.setAttribute('aria-label', title);
    if (this.#body.firstChild !== panel.node) this.#body.replaceChildren(panel.node);
  }

  update(run: RunDetail, _themed = false): void {
    this.#run = run;
    this.#panels.forEach(([, panel], i) => {
      const count = panel.count(run);
      setText(this.#counts[i]!, count);
      this.#counts[i]!.hidden = count === '';
    });
    this.#panels[this.#active]![1].update(run);
  }

  close(): void {
    for (const [, panel] of this.#panels) panel.close?.();
  }
}
