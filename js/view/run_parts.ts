/** What the panels of the run view share, and the small things that they are made of. */
import { formatDuration, formatRelative, statusText } from '../core/format';
import type { RunDetail, RunLink } from '../core/run';
import type { Answer, Ask } from '../core/types';
import type { PlotlyLike } from '../plot/plotly';
import { h, setText } from './dom';
import { copyText } from './table_dom';

export interface RunContext {
  readonly run: () => RunDetail;
  /** Asks whoever has the run; null where nobody does. */
  readonly ask: ((question: Ask) => Promise<Answer>) | null;
  /** Nothing can be changed, or brought from the store. */
  readonly still: boolean;
  readonly plotly: (() => Promise<PlotlyLike>) | null;
  /** Where a host serves a file of this run whole. */
  readonly fileUrl: ((path: string) => string) | null;
  /** Goes to another run. */
  readonly open: ((run: string) => void) | null;
  /** Goes to a file of this run. */
  readonly openFile: (path: string) => void;
  /** A small thing to tell, for a moment. */
  readonly tell: (text: string) => void;
  /** Reads the run anew. */
  readonly refresh: () => void;
}

export interface RunPanel {
  readonly node: HTMLElement;
  /** How much there is, for the tab; '' for no number. */
  readonly count: (run: RunDetail) => string;
  /** Shows the run as it is now. */
  update(run: RunDetail): void;
  close?(): void;
}

export function actionButton(label: string, act: () => void, title = ''): HTMLButtonElement {
  const node = h('button', { type: 'button', class: 'trk-act', title: title || null }, label);
  node.addEventListener('click', act);
  return node;
}

/** Copies a text and says so. */
export function copyButton(context: RunContext, label: string, text: () => string, what: string): HTMLButtonElement {
  const node: HTMLButtonElement = actionButton(label, () => {
    void copyText(text(), node.parentElement ?? node).then(done => {
      context.tell(done ? `Copied ${what}.` : 'This page may not copy: select the text instead.');
    });
  });
  return node;
}

export function heading(text: string, ...more: (Node | null)[]): HTMLElement {
  return h('div', { class: 'trk-heading' }, h('h3', {}, text), ...more);
}

export function statusDot(status: string): HTMLElement {
  return h('span', { class: 'trk-dot', 'data-status': status, title: statusText(status) });
}

/** A run as something to go to. */
export function runLink(context: RunContext, run: RunLink): HTMLElement {
  const seconds = Number(run.duration ?? Number.NaN);
  const facts = [formatDuration(seconds), formatRelative(run.started, Date.now())].filter(Boolean).join(', ');
  const label = run.name || run.id.slice(-8);
  const name = context.open
    ? actionButton(label, () => context.open?.(run.id), `Open run ${run.id}`)
    : h('span', {}, label);
  name.classList.add('trk-go');
  name.dir = 'auto';
  return h('li', {}, statusDot(run.status), name, h('span', { class: 'trk-dim' }, facts));
}

export interface Pair {
  readonly key: string;
  readonly value: string;
}

const SHOWN = 100;

/** Keys and values with a box to find some; of very many the first, and the rest on demand. */
export class PairList {
  readonly node = h('section', { class: 'trk-pairs' });
  readonly #list = h('dl', {});
  readonly #find: HTMLInputElement;
  readonly #more: HTMLButtonElement;
  readonly #none = h('p', { class: 'trk-none', hidden: true });
  #pairs: readonly Pair[] = [];
  #seen = '';
  #most = SHOWN;

  constructor(
    title: string,
    readonly row: (pair: Pair) => Node[] = pair => [h('dd', { dir: 'auto', title: pair.value }, pair.value)],
  ) {
    const label = `Find in ${title.toLowerCase()}`;
    this.#find = h('input', { type: 'search', class: 'trk-find', placeholder: 'Find', 'aria-label': label });
    this.#find.addEventListener('input', () => this.#draw());
    this.#more = actionButton('', () => {
      this.#most = Number.POSITIVE_INFINITY;
      this.#draw();
    });
    this.node.setAttribute('aria-label', title);
    this.node.append(heading(title, this.#find), this.#list, this.#none, this.#more);
  }

  /** Shows these; `none` is said where there are none, or all is hidden where it is ''. */
  update(pairs: readonly Pair[], none = ''): void {
    const state = JSON.stringify(pairs);
    this.node.hidden = pairs.length === 0 && none === '';
    setText(this.#none, none);
    if (state === this.#seen) return;
    this.#seen = state;
    this.#pairs = pairs;
    this.#draw();
  }

  #draw(): void {
    const wanted = this.#find.value.trim().toLowerCase();
    const found = this.#pairs.filter(({ key, value }) => `${key}\n${value}`.toLowerCase().includes(wanted));
    this.#find.hidden = this.#pairs.length <= 8;
    this.#none.hidden = this.#pairs.length > 0;
    this.#list.replaceChildren(
      ...found.slice(0, this.#most).map(pair => {
        return h('div', {}, h('dt', { dir: 'auto', title: pair.key }, pair.key), ...this.row(pair));
      }),
    );
    const rest = found.length - this.#most;
    this.#more.hidden = rest <= 0;
    setText(this.#more, `${rest} more`);
  }
}

/** The sentence that an error carries. */
export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A text in lines, that can be scrolled and copied. */
export function codeBlock(text: string, label: string, wraps = false): HTMLElement {
  return h('pre', { class: wraps ? 'trk-code trk-wraps' : 'trk-code', tabindex: 0, 'aria-label': label }, text);
}
