/**
 * A mark beside each cell that made a run: its status, as the store has it now; a click opens the run. Drawn beside the
 * cells of one notebook, and asked for with one question for all of them.
 */
import type { Cell, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { statusText } from '../core/format';
import type { Dispose } from '../core/types';
import { follow } from '../remote/follow';
import type { RemoteStore } from '../remote/store';
import { h } from '../view/dom';
import { type CellRun, runOf } from './cell_runs';

const CLASS = 'jp-tracker-mark';
const LATER = 100;

export class CellMarks {
  readonly #marks = new Map<Cell, HTMLButtonElement>();
  readonly #watched = new WeakSet<object>();
  #statuses: Readonly<Record<string, string>> = {};
  #stop: Dispose | null = null;
  #timer = 0;
  #asked = '';

  constructor(
    readonly panel: NotebookPanel,
    readonly store: RemoteStore,
    readonly trans: TranslationBundle,
    readonly opened: (run: string) => void,
  ) {
    const { content } = panel;
    content.modelChanged.connect(this.#later, this);
    content.cellInViewportChanged?.connect(this.#later, this);
    panel.disposed.connect(() => this.dispose());
    this.#later();
  }

  dispose(): void {
    window.clearTimeout(this.#timer);
    this.#stop?.();
    this.#stop = null;
    for (const mark of this.#marks.values()) mark.remove();
    this.#marks.clear();
    if (!this.panel.isDisposed) {
      this.panel.content.modelChanged.disconnect(this.#later, this);
      this.panel.content.cellInViewportChanged?.disconnect(this.#later, this);
    }
    this.#timer = -1;
  }

  #later(): void {
    if (this.#timer === 0) this.#timer = window.setTimeout(() => this.#draw(), LATER);
  }

  #draw(): void {
    this.#timer = 0;
    const { content } = this.panel;
    if (this.panel.isDisposed || !content.model) return;
    this.#watch(content.model.cells);
    const left = new Set(this.#marks.keys());
    const runs: string[] = [];
    for (const cell of content.widgets) {
      if (cell.model.outputs) this.#watch(cell.model.outputs);
      const run = runOf(cell.model);
      if (!run) continue;
      left.delete(cell);
      runs.push(run.id);
      this.#show(cell, run);
    }
    for (const cell of left) {
      this.#marks.get(cell)!.remove();
      this.#marks.delete(cell);
    }
    this.#ask(runs);
  }

  #show(cell: Cell, run: CellRun): void {
    const mark = this.#marks.get(cell) ?? h('button', { type: 'button', class: CLASS });
    this.#marks.set(cell, mark);
    if (mark.parentElement !== cell.node) cell.node.append(mark);
    const known = this.#statuses[run.id];
    const status = known ?? run.status;
    mark.dataset['status'] = status;
    const name = run.name || run.id.slice(-8);
    const told = status === 'DELETED' ? this.trans.__('deleted') : statusText(status).toLowerCase();
    const text = this.trans.__('Run %1: %2', name, told);
    mark.title = `${text}. ${this.trans.__('Open it.')}`;
    mark.setAttribute('aria-label', mark.title);
    mark.onclick = event => {
      event.stopPropagation();
      this.opened(run.id);
    };
  }

  /** Follows the store as long as there are runs to tell of. */
  #ask(runs: readonly string[]): void {
    const asked = runs.join();
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.#stop?.();
    this.#stop = null;
    if (runs.length === 0) return;
    const look = async () => {
      const answer = await this.store.ask({ do: 'statuses', runs });
      this.#statuses = answer['statuses'] as Readonly<Record<string, string>>;
      this.#later();
    };
    this.#stop = follow(this.store, look, () => {});
  }

  #watch(observed: { readonly changed: { connect(slot: () => void, self: unknown): unknown } }): void {
    if (this.#watched.has(observed)) return;
    this.#watched.add(observed);
    observed.changed.connect(this.#later, this);
  }
}
