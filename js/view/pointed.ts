/** Views of one page tell each other which run the pointer is on, by an event of the page: no global is left behind. */
import type { Dispose } from '../core/types';

const EVENT = 'tracker-run-pointed';

interface Pointed {
  readonly run: string | null;
  readonly from: object;
}

/** Tells the other views; null that the pointer has left. */
export function tellPointed(from: object, run: string | null): void {
  document.dispatchEvent(new CustomEvent<Pointed>(EVENT, { detail: { run, from } }));
}

/** Calls back with what other views tell. */
export function onPointed(self: object, heard: (run: string | null) => void): Dispose {
  const hear = (event: Event) => {
    const { detail } = event as CustomEvent<Partial<Pointed> | null>;
    if (detail && detail.from !== self) heard(typeof detail.run === 'string' ? detail.run : null);
  };
  document.addEventListener(EVENT, hear);
  return () => document.removeEventListener(EVENT, hear);
}
