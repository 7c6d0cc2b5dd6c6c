/** A server's store as the sources of views: each begins with one question, and follows the store from then on. */
import { curvesFromArrow, makeTable, tableFromArrow } from '../core/columns';
import { type LocalSource, localSource } from '../core/local';
import type { Answer, CompareData, CompareState, Dispose, Source, Table, TableData, TableState } from '../core/types';
import { follow } from './follow';

import type { RemoteStore } from './store';

const NOTHING = makeTable([], 0);
const FIRST_TABLE: TableState = { where: '', sort: [], hidden: [] };
const FIRST_COMPARE: CompareState = {
  x: 'step',
  smoothing: 0,
  log: false,
  differing: true,
  scatter: { x: '', y: '', color: '' },
};

export interface Followed<S> {
  readonly source: Source<S>;
  readonly dispose: Dispose;
}

export interface Tells {
  /** What is not possible, in a sentence; '' when it is possible again. */
  said(sentence: string): void;
}

/** The run table of experiments (null: of all). */
export function tableSource(
  store: RemoteStore,
  experiments: readonly string[] | null,
  title: string,
  state: Partial<TableState>,
  tells: Tells,
): Followed<TableData> {
  const home = experiments?.length === 1 ? experiments[0]! : '0';
  const held = localSource<TableData>({
    title,
    total: 0,
    runs: NOTHING,
    state: { ...FIRST_TABLE, ...state },
    selected: [],
  });
  let since = -1;
  let beyond = 0;
  const shown = () => ({ experiments, view: held.get('state').view ?? 'active' }) as const;
  const whole = async () => {
    const answer = await store.ask({ do: 'table', ...shown() }, home);
    const [runs, sparks] = answer.buffers;
    since = Number(answer['since']);
    const table = tableFromArrow(runs!);
    beyond = Number(answer['total']) - table.length;
    const before = held.get('state');
    const directions = { ...(answer['directions'] as TableState['directions']), ...before.directions };
    held.replace({
      runs: table,
      sparks: curvesFromArrow(sparks!),
      changes: NOTHING,
      gone: [],
      total: Number(answer['total']),
      views: answer['views'] as Readonly<Record<string, TableState>>,
      ...(Object.keys(directions).length > 0 && { state: { ...before, directions } }),
    });
  };
  const look = async () => {
    if (since < 0) await whole();
    else {
      const answer = await store.ask({ do: 'changes', ...shown(), since }, home);
      if (answer['whole'] || isShort(held, answer, beyond)) await whole();
      else take(held, answer);
    }
    tells.said('');
  };
  const stopFollowing = follow(store, look, error => tells.said(sentence(error)));
  let view = held.get('state').view;
  const stopView = held.on('state', () => {
    if (held.get('state').view === view) return;
    view = held.get('state').view;
    whole().catch((error: unknown) => tells.said(sentence(error)));
  });
  const source: Source<TableData> = {
    ...held,
    ask: async question => {
      const answer = await store.ask(question, home);
      if (question.do === 'edit') await look();
      if (question.do === 'view') await whole();
      return answer;
    },
  };
  return {
    source,
    dispose() {
      stopFollowing();
      stopView();
    },
  };
}

function take(held: LocalSource<TableData>, answer: Answer): void {
  held.replace({
    changes: tableFromArrow(answer.buffers[0]!),
    gone: answer['gone'] as readonly string[],
    total: Number(answer['total']),
  });
}

/**
 * Whether runs are missing or too many after these changes: some were freed for good, or written long ago elsewhere.
 * `beyond` counts those that were never sent.
 */
function isShort(held: LocalSource<TableData>, answer: Answer, beyond: number): boolean {
  const known = new Set(idsOf(held.get('runs')));
  for (const id of idsOf(tableFromArrow(answer.buffers[0]!))) known.add(id);
  for (const id of answer['gone'] as readonly string[]) known.delete(id);
  return known.size + beyond !== Number(answer['total']);
}

function idsOf(table: Table): string[] {
  const column = table.column('run_id');
  return column ? Array.from(column.values, code => column.dictionary[code] ?? '') : [];
}

/** The comparison of these runs. */
export function compareSource(store: RemoteStore, runs: readonly string[], tells: Tells): Followed<CompareData> {
  const held = localSource<CompareData>({
    title: 'Comparison',
    total: 0,
    runs: NOTHING,
    curves: [],
    state: FIRST_COMPARE,
    selected: [],
  });
  let since = -1;
  const whole = async () => {
    const answer = await store.ask({ do: 'compare', runs });
    const [table, curves] = answer.buffers;
    held.replace({
      runs: tableFromArrow(table!),
      curves: curvesFromArrow(curves!),
      changes: NOTHING,
      fresh: [],
      gone: [],
      total: Number(answer['total']),
      ...(since < 0 && { state: answer['state'] as CompareState }),
    });
    since = Number(answer['since']);
  };
  const look = async () => {
    if (since < 0) await whole();
    else {
      const answer = await store.ask({ do: 'compared', runs, since });
      const [changes, fresh] = answer.buffers;
      if (answer['whole']) await whole();
      else {
        held.replace({
          changes: tableFromArrow(changes!),
          fresh: curvesFromArrow(fresh!),
          gone: answer['gone'] as readonly string[],
        });
      }
    }
    tells.said('');
  };
  const dispose = follow(store, look, error => tells.said(sentence(error)));
  return { source: { ...held, ask: question => store.ask(question) }, dispose };
}

export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
