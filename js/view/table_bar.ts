/** The line of chips below the toolbar, and the line that tells what was done. */
import { formatCount, plural } from '../core/format';
import type { Fold, Link, TableState } from '../core/types';
import { h } from './dom';
import { button } from './table_dom';
import type { TableModel } from './table_model';

const FOLDS: Readonly<Record<Fold, string>> = { failed: 'failed', short: 'over at once', repeats: 'repeated' };
const HINTS: Readonly<Record<Fold, string>> = {
  failed: 'Runs that failed or were killed',
  short: 'Runs that ended much sooner than the others',
  repeats: 'All but the last of the runs with the same parameters',
};

export interface ChipsHost {
  readonly model: TableModel;
  /** Opens the list of columns. */
  pick(): void;
  change(state: TableState): void;
}

/** What is folded away, by what runs are grouped, whether nested ones stand below their parents. */
export class Chips {
  readonly element = h('div', { class: 'chips', hidden: true });

  constructor(readonly host: ChipsHost) {}

  draw(): void {
    const { model } = this.host;
    const { state } = model;
    const chips = [
      ...this.#deleted(state),
      ...(state.group ?? []).map(name => this.#group(name, state)),
      ...model.folds().map(({ fold, count }) => this.#fold(fold, count, state)),
      ...this.#nested(state),
      ...this.#same(),
    ];
    this.element.hidden = chips.length === 0;
    const root = this.element.getRootNode() as Document | ShadowRoot;
    const focused = (root.activeElement as HTMLElement | null)?.dataset?.['chip'];
    this.element.replaceChildren(...chips);
    const again = chips.find(chip => focused !== undefined && chip.dataset['chip'] === focused);
    again?.focus();
  }

  #chip(id: string, text: string, pressed: boolean, title: string, act: () => void): HTMLElement {
    return button(text, { class: 'fold', 'aria-pressed': String(pressed), title, 'data-chip': id }, act);
  }

  #fold(fold: Fold, count: number, state: TableState): HTMLElement {
    const folded = (state.fold ?? []).includes(fold);
    const text = `${formatCount(count)} ${FOLDS[fold]}${folded ? ' hidden' : ''}`;
    const title = `${HINTS[fold]}: ${folded ? 'show' : 'hide'} them`;
    const next = folded ? (state.fold ?? []).filter(each => each !== fold) : [...(state.fold ?? []), fold];
    return this.#chip(fold, text, folded, title, () => this.host.change({ ...state, fold: next }));
  }

  #group(name: string, state: TableState): HTMLElement {
    const others = (state.group ?? []).filter(each => each !== name);
    const chip = this.#chip(`group ${name}`, `Grouped by ${name} ×`, true, 'No longer group by this', () =>
      this.host.change({ ...state, group: others, open: [] }),
    );
    chip.dir = 'auto';
    return chip;
  }

  #nested(state: TableState): HTMLElement[] {
    if ((state.group ?? []).length > 0 || !this.host.model.raw.column('parent_run_id')?.dictionary.length) return [];
    const nested = !state.flat;
    return [
      this.#chip(
        'nested',
        'Nested',
        nested,
        nested ? 'Show nested runs among the others' : 'Show nested runs below their parents',
        () => this.host.change({ ...state, flat: nested }),
      ),
    ];
  }

  /** Parameters and metrics that are the same in all runs, where they are not among the columns. */
  #same(): HTMLElement[] {
    const { columns, infos } = this.host.model;
    const shown = new Set(columns);
    const same = infos.filter(
      info => info.group !== '' && !info.differs && info.same !== '' && info.same !== '–' && !shown.has(info),
    );
    if (same.length === 0) return [];
    const first = same.slice(0, 12).map(info => `${info.column.name} = ${info.same}`);
    const title = [...first, ...(same.length > 12 ? ['…'] : [])].join('\n');
    const chip = this.#chip('same', `${formatCount(same.length)} same in all`, false, title, () => this.host.pick());
    chip.removeAttribute('aria-pressed');
    chip.setAttribute('aria-haspopup', 'dialog');
    return [chip];
  }

  #deleted(state: TableState): HTMLElement[] {
    if (state.view !== 'deleted') return [];
    return [
      this.#chip('deleted', 'Deleted runs ×', true, 'Back to the runs that are not deleted', () =>
        this.host.change({ ...state, view: 'active' }),
      ),
    ];
  }
}

const TOLD_MS = 12_000;
/** What is answered sooner than this is not called waiting. */
const PATIENCE_MS = 400;

/** Tells what was done, with the way back, what waits for the kernel, and that the kernel is gone. */
export class Notices {
  readonly #text = h('span', { dir: 'auto' });
  readonly #undo = button('Undo', { class: 'plain', hidden: true }, () => this.#takeBack());
  readonly #close = button('×', { class: 'plain', 'aria-label': 'Close' }, () => this.#hide());
  readonly #told = h('div', { class: 'told', role: 'status', hidden: true }, this.#text, this.#undo, this.#close);
  readonly #waits = h('div', { class: 'told waits', role: 'status', hidden: true });
  readonly #gone = h('div', { class: 'told gone', role: 'status', hidden: true });
  readonly #trouble = h('div', { class: 'told gone', role: 'status', hidden: true });
  readonly element = h('div', { class: 'notices' }, this.#gone, this.#trouble, this.#waits, this.#told);
  #back: (() => void) | null = null;
  #timer = 0;
  #patience = 0;
  #count = 0;

  tell(text: string, undo: (() => void) | null): void {
    this.#back = undo;
    this.#text.textContent = text;
    this.#undo.hidden = undo === null;
    this.#told.hidden = false;
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#hide(), TOLD_MS);
  }

  /** Takes the last thing back; false where there is none. */
  undo(): boolean {
    if (!this.#back) return false;
    this.#takeBack();
    return true;
  }

  waiting(count: number): void {
    this.#count = count;
    if (count === 0) this.#waits.hidden = true;
    this.#tellWaiting();
    if (count === 0 || this.#patience) return;
    this.#patience = window.setTimeout(() => {
      this.#patience = 0;
      this.#waits.hidden = this.#count === 0;
      this.#tellWaiting();
    }, PATIENCE_MS);
  }

  #tellWaiting(): void {
    this.#waits.textContent = `${plural(this.#count, 'change')} ${this.#count === 1 ? 'waits' : 'wait'} until the kernel has time.`;
  }

  /** What is the matter with the store; '' where nothing is. */
  trouble(text: string): void {
    this.#trouble.hidden = text === '';
    this.#trouble.textContent = text;
  }

  linked(link: Link): void {
    this.#gone.hidden = link === 'live';
    this.#gone.textContent =
      'The kernel of this table is gone: it shows what had arrived. Run its cell again to change runs.';
  }

  dispose(): void {
    window.clearTimeout(this.#timer);
    window.clearTimeout(this.#patience);
  }

  #takeBack(): void {
    const back = this.#back;
    this.#hide();
    back?.();
  }

  #hide(): void {
    this.#told.hidden = true;
    this.#back = null;
  }
}
