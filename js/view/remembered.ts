/** How a person left a table, kept by the browser: a filter, an order, columns, for the next time that they look. */
import type { TableState } from '../core/types';

const PREFIX = 'tracker.table.';
const MOST_CHARACTERS = 50_000;

export function rememberedState(key: string): Partial<TableState> {
  try {
    const state: unknown = JSON.parse(localStorage.getItem(PREFIX + key) ?? '{}');
    if (state === null || typeof state !== 'object' || Array.isArray(state)) return {};
    const { view: _, ...kept } = state as TableState;
    return kept;
  } catch {
    return {};
  }
}

/** Keeps it, where the browser keeps anything. */
export function rememberState(key: string, state: TableState): void {
  try {
    const text = JSON.stringify(state);
    if (text.length <= MOST_CHARACTERS) localStorage.setItem(PREFIX + key, text);
  } catch (error) {
    console.debug('tracker: the table is not remembered', error);
  }
}
