/** Runs that are running, and those that failed since a person last looked, in a few words of the status bar. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import type { Dispose, Status } from '../core/types';
import { h, setText } from '../view/dom';
import type { CurrentFolder } from './folder';
import type { Stores } from './server';

const BAD: readonly Status[] = ['FAILED', 'KILLED'];

export class StatusItem extends Widget {
  readonly #button = h('button', { type: 'button', class: 'jp-tracker-status' });
  #stop: Dispose | null = null;
  #seen = Date.now();
  #on = false;

  constructor(
    readonly stores: Stores,
    readonly folder: CurrentFolder,
    readonly trans: TranslationBundle,
    pressed: () => void,
  ) {
    super();
    this.node.append(this.#button);
    this.#button.addEventListener('click', () => {
      this.#seen = Date.now();
      this.#draw();
      pressed();
    });
    folder.onChanged(() => this.#follow());
  }

  /** Follows the store, or no longer. */
  turn(on: boolean): void {
    this.#on = on;
    this.setHidden(!on);
    this.#follow();
  }

  #follow(): void {
    this.#stop?.();
    this.#stop = this.#on ? this.stores.of(this.folder.path).on(() => this.#draw()) : null;
    this.#draw();
  }

  #draw(): void {
    const { data, said, store } = this.stores.of(this.folder.path);
    const { trans } = this;
    const running = data?.states.RUNNING ?? 0;
    const failed = (data?.runs ?? []).filter(run => BAD.includes(run.status) && (run.ended ?? 0) > this.#seen).length;
    const parts = [
      running > 0 && trans._n('%1 run running', '%1 runs running', running),
      failed > 0 && trans._n('%1 failed', '%1 failed', failed),
    ].filter(Boolean);
    if (said) parts.push(trans.__('runs: no answer'));
    this.#button.hidden = store.absent || (!data?.made && !said);
    setText(this.#button, parts.join(' · ') || trans.__('Runs'));
    this.#button.dataset['status'] = said || failed > 0 ? 'bad' : running > 0 ? 'running' : '';
    this.#button.title = said || trans.__('Show experiments and runs');
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.#stop?.();
    super.dispose();
  }
}
