/** What is answered sooner than this is not called waiting. */
const PATIENCE_MS = 500;
export const WAITING = 'Waits until the kernel has time.';

/** The answer; `waits` is called meanwhile where it takes its time. */
export async function patiently<T>(answer: Promise<T>, waits: () => void): Promise<T> {
  const timer = window.setTimeout(waits, PATIENCE_MS);
  try {
    return await answer;
  } finally {
    window.clearTimeout(timer);
  }
}
