/** Histories for the cells that are seen: asked for in one go a moment after scrolling, kept once they are here. */
import { curvesFromArrow } from '../core/columns';
import type { Curve, Source } from '../core/types';

const PAUSE_MS = 150;
const MOST_RUNS = 400;

export class Sparks {
  known: readonly Curve[] = [];
  readonly #asked = new Set<string>();
  #keys = new Set<string>();
  #runs = new Set<string>();
  #timer = 0;
  #busy = false;

  constructor(
    readonly ask: Source<never>['ask'],
    readonly arrived: () => void,
  ) {}

  /** Notes that a cell would show this history. */
  wanted(key: string, run: string): undefined {
    if (!this.ask || this.#asked.has(`${key} ${run}`)) return;
    this.#asked.add(`${key} ${run}`);
    this.#keys.add(key);
    this.#runs.add(run);
    if (!this.#timer) this.#timer = window.setTimeout(() => this.#send(), PAUSE_MS);
  }

  dispose(): void {
    window.clearTimeout(this.#timer);
  }

  /** One question at a time: a kernel that is busy is not to find a queue of them. */
  #send(): void {
    this.#timer = 0;
    if (this.#busy || this.#runs.size === 0) return;
    this.#busy = true;
    const runs = [...this.#runs].slice(-MOST_RUNS);
    const keys = [...this.#keys];
    this.#runs = new Set();
    this.#keys = new Set();
    this.ask!({ do: 'sparks', keys, runs })
      .then(({ buffers: [stream] }) => {
        if (!stream) return;
        this.known = [...this.known, ...curvesFromArrow(stream)];
        this.arrived();
      })
      .catch(() => {})
      .finally(() => {
        this.#busy = false;
        this.#send();
      });
  }
}
