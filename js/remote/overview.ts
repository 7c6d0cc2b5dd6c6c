/** What a store holds, kept current while somebody looks: one for the panel, the status bar and the marks of a page. */
import type { Overview } from '../core/browse';
import type { Dispose } from '../core/types';
import { follow } from './follow';
import { sentence } from './sources';
import type { RemoteStore } from './store';

/** After how many ms a store that is not there is looked for again. */
const AGAIN = 3000;

export class OverviewModel {
  #data: Overview | null = null;
  #said = '';
  #stop: Dispose | null = null;
  #timer = 0;
  readonly #listeners = new Set<() => void>();

  constructor(readonly store: RemoteStore) {}

  /** Null until the first answer. */
  get data(): Overview | null {
    return this.#data;
  }

  /** Why it is not current, in a sentence; else ''. */
  get said(): string {
    return this.#said;
  }

  /** Calls back on every change; follows the store as long as anybody listens. */
  on(changed: () => void): Dispose {
    this.#listeners.add(changed);
    this.#stop ??= this.#follow();
    return () => {
      this.#listeners.delete(changed);
      if (this.#listeners.size > 0) return;
      this.#stop?.();
      this.#stop = null;
    };
  }

  #follow(): Dispose {
    const look = async () => {
      const { buffers: _, ...told } = await this.store.ask({ do: 'overview' });
      this.#data = told as unknown as Overview;
      window.clearTimeout(this.#timer);
      if (!this.#data.made) this.#timer = window.setTimeout(() => this.store.again(), AGAIN);
      this.#tell('');
    };
    const stop = follow(this.store, look, error => this.#tell(sentence(error)));
    const unlink = this.store.linked(link => link === 'gone' && this.#tell(GONE));
    return () => {
      window.clearTimeout(this.#timer);
      stop();
      unlink();
    };
  }

  #tell(said: string): void {
    this.#said = said;
    for (const changed of [...this.#listeners]) changed();
  }
}

const GONE = 'The server does not answer. It is tried again until it does.';
