/**
 * Asks again after changes: one question at a time, and none sooner than the last one took several times over, so that
 * a busy machine is not kept so; but nobody looks at what is long past.
 */
import type { Dispose } from '../core/types';
import type { RemoteStore } from './store';

const LEAST_PAUSE = 400;
const MOST_PAUSE = 5000;
const PART_OF_TIME = 0.2;

/** Calls `look` now and after changes of the store. What it rejects with is given to `failed`. */
export function follow(store: RemoteStore, look: () => Promise<void>, failed: (error: unknown) => void): Dispose {
  let busy = false;
  let again = false;
  let ended = false;
  let timer = 0;
  const turn = async () => {
    if (busy || ended) {
      again = true;
      return;
    }
    busy = true;
    again = false;
    const started = performance.now();
    try {
      await look();
    } catch (error) {
      if (!ended) failed(error);
    }
    if (ended) return;
    timer = window.setTimeout(
      () => {
        busy = false;
        if (again) void turn();
      },
      Math.min(MOST_PAUSE, Math.max(LEAST_PAUSE, (performance.now() - started) / PART_OF_TIME)),
    );
  };
  const stop = store.onChanged(() => void turn());
  void turn();
  return () => {
    ended = true;
    window.clearTimeout(timer);
    stop();
  };
}
