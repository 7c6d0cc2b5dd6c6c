/** What the menus of the run table offer: for runs, for a column, for the whole. */
import { plural } from '../core/format';
import { directionIn } from '../core/stats';
import type { Direction, Edit, Stat, TableState } from '../core/types';
import type { Entry, Item } from './menu';
import { type ColumnInfo, withShown } from './table_columns';

export interface RowActions {
  readonly edit: (edits: readonly Edit[], said: string) => void;
  readonly rename: (run: string) => void;
  readonly note: (run: string) => void;
  readonly tag: (runs: readonly string[]) => void;
  readonly copy: (what: 'csv' | 'python' | 'compare' | 'filter' | 'ids') => void;
  readonly where: (condition: string) => void;
}

export interface Chosen {
  readonly runs: readonly string[];
  readonly starred: boolean;
  readonly view: 'active' | 'deleted';
  readonly editable: boolean;
  /** The cell's own value as a condition, '' where there is none. */
  readonly condition: string;
}

export function rowEntries({ runs, starred, view, editable, condition }: Chosen, actions: RowActions): Entry[] {
  const count = plural(runs.length, 'run');
  const [first] = runs;
  const single = runs.length === 1 && first !== undefined;
  const edits: Entry[] = [
    {
      label: starred ? 'Remove the star' : 'Star',
      act: () =>
        actions.edit([{ runs, star: !starred }], starred ? `Removed the star of ${count}.` : `Starred ${count}.`),
    },
    ...(single ? [item('Rename…', () => actions.rename(first), 'F2'), item('Note…', () => actions.note(first))] : []),
    item('Tag…', () => actions.tag(runs)),
    view === 'active'
      ? {
          label: 'Delete',
          danger: true,
          act: () => actions.edit([{ runs, state: 'deleted' }], `Deleted ${count}.`),
        }
      : item('Restore', () => actions.edit([{ runs, state: 'active' }], `Restored ${count}.`)),
    null,
  ];
  return [
    count,
    ...(editable ? edits : []),
    ...(condition ? [item('Only runs like this', () => actions.where(condition), condition)] : []),
    ...copyEntries(actions),
  ];
}

export function copyEntries(actions: Pick<RowActions, 'copy'>): Entry[] {
  return [
    item('Copy as CSV', () => actions.copy('csv')),
    item('Copy as Python', () => actions.copy('python')),
    item('Copy as comparison', () => actions.copy('compare')),
    item('Copy as filter', () => actions.copy('filter')),
    item('Copy run ids', () => actions.copy('ids')),
  ];
}

function item(label: string, act: () => void, detail?: string): Item {
  return { label, act, ...(detail && { detail }) };
}

export interface ColumnActions {
  readonly sort: (descending: boolean) => void;
  readonly change: (state: TableState) => void;
  readonly fit: () => void;
  /** Whether minimum and maximum can be had. */
  readonly asks: boolean;
  readonly hasLines: boolean;
}

const STATS: readonly (readonly [Stat, string])[] = [
  ['last', 'Last value'],
  ['min', 'Minimum'],
  ['max', 'Maximum'],
  ['best', 'Best value'],
];
const DIRECTIONS: readonly (readonly [Direction | 'none', string])[] = [
  ['higher', 'Higher is better'],
  ['lower', 'Lower is better'],
  ['none', 'Neither is better'],
];

export function columnEntries(
  info: ColumnInfo,
  state: TableState,
  infos: readonly ColumnInfo[],
  actions: ColumnActions,
): Entry[] {
  const { name } = info.column;
  const grouped = state.group ?? [];
  const pinned = state.pinned ?? [];
  const without = (names: readonly string[]): string[] => names.filter(each => each !== name);
  const canGroup = info.group === 'params' || info.group === 'tags' || ['status', 'experiment', 'user'].includes(name);
  return [
    name,
    item('Sort ascending', () => actions.sort(false), '↑'),
    item('Sort descending', () => actions.sort(true), '↓'),
    ...(canGroup
      ? [
          {
            label: 'Group by this',
            checked: grouped.includes(name),
            act: () =>
              actions.change({
                ...state,
                group: grouped.includes(name) ? without(grouped) : [...grouped, name],
                open: [],
              }),
          },
        ]
      : []),
    ...(name === 'name'
      ? []
      : [
          null,
          {
            label: 'Pin',
            checked: pinned.includes(name),
            act: () =>
              actions.change({ ...state, pinned: pinned.includes(name) ? without(pinned) : [...pinned, name] }),
          },
          item('Hide', () => actions.change(withShown(state, infos, name, false))),
        ]),
    item('Fit the width', actions.fit),
    ...(info.group === 'metrics' && info.column.kind === 'number' ? metricEntries(name, state, actions) : []),
  ];
}

function metricEntries(name: string, state: TableState, actions: ColumnActions): Entry[] {
  const now = state.stats?.[name] ?? 'last';
  const direction = directionIn(state, name) ?? 'none';
  const plain = state.plain ?? [];
  const lines: Item = {
    label: 'Draw the history',
    checked: !plain.includes(name),
    act: () =>
      actions.change({
        ...state,
        plain: plain.includes(name) ? plain.filter(each => each !== name) : [...plain, name],
      }),
  };
  return [
    ...(actions.asks || now !== 'last' ? [null, ...STATS.map(([stat, label]) => statItem(stat, label))] : []),
    null,
    ...DIRECTIONS.map(([value, label]) => ({
      label,
      checked: direction === value,
      act: () => actions.change({ ...state, directions: { ...state.directions, [name]: value } }),
    })),
    ...(actions.hasLines ? [null, lines] : []),
  ];

  function statItem(stat: Stat, label: string): Item {
    return {
      label,
      checked: now === stat,
      act: () => actions.change({ ...state, stats: { ...state.stats, [name]: stat } }),
    };
  }
}
