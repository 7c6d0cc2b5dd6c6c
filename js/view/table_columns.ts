/** Which columns a run table has, in which order, and which of them are seen. Pure. */
import { isMissing, textAt } from '../core/columns';
import { formatNumber } from '../core/format';
import type { Column, Table, TableState } from '../core/types';

export type Group = '' | 'params' | 'metrics' | 'tags';

export interface ColumnInfo {
  readonly column: Column;
  readonly group: Group;
  /** The name without its group. */
  readonly title: string;
  /** Whether runs differ in it; where they do not, `same` is what all of them hold. */
  readonly differs: boolean;
  readonly same: string;
}

const TITLES: Readonly<Record<string, string>> = {
  name: 'Name',
  star: '★',
  status: 'Status',
  start_time: 'Started',
  duration: 'Duration',
  experiment: 'Experiment',
  user: 'User',
  note: 'Note',
  end_time: 'Ended',
  parent_run_id: 'Parent',
  run_id: 'Run id',
};
const ATTRIBUTES = Object.keys(TITLES);
const GROUPS: readonly Group[] = ['', 'params', 'metrics', 'tags'];
const ALWAYS = new Set(['name', 'star', 'status', 'start_time', 'duration']);
/** Shown only when asked for: what says little to a person, or says again what another column says. */
const ASKED = new Set(['end_time', 'parent_run_id', 'run_id']);
/** With no more columns than this, those that are the same in all runs are shown too. */
export const FEW = 12;

/** After all the others: long, and seldom what runs are compared by. */
const LAST = new Set(['note']);

/** All columns: by group, in each those that differ first. */
export function describeColumns(table: Table): ColumnInfo[] {
  const infos = table.columns.map(describe);
  const place = (info: ColumnInfo): number =>
    info.group === '' ? ATTRIBUTES.indexOf(info.column.name) : info.differs ? 0 : 1;
  const ordered = GROUPS.flatMap(group => {
    const members = infos.filter(info => info.group === group && (group !== '' || place(info) >= 0));
    return members.sort((a, b) => place(a) - place(b));
  });
  const last = (info: ColumnInfo): boolean => LAST.has(info.column.name);
  return [...ordered.filter(info => !last(info)), ...ordered.filter(last)];
}

function describe(column: Column): ColumnInfo {
  const group = groupOf(column.name);
  const title = group === '' ? (TITLES[column.name] ?? column.name) : column.name.slice(group.length + 1);
  const differs = valuesDiffer(column);
  return { column, group, title, differs, same: differs || column.length === 0 ? '' : plainText(column, 0) };
}

function groupOf(name: string): Group {
  return GROUPS.find(group => group !== '' && name.startsWith(`${group}.`)) ?? '';
}

/** Whether any two runs hold different values; having none is a value here. */
export function valuesDiffer(column: Column): boolean {
  if (column.head && valuesDiffer(column.head)) return true;
  const { values } = column;
  const first = values[0];
  for (let row = 1; row < column.length; row++) {
    const value = values[row];
    if (value !== first && (value === value || first === first)) return true;
  }
  return column.nan !== undefined && new Set(column.nan).size > 1;
}

/** A value as plain text, '–' where there is none. */
function plainText(column: Column, row: number): string {
  if (isMissing(column, row)) return '–';
  return column.kind === 'number' ? formatNumber(column.values[row]!) : textAt(column, row);
}

/** Whether a column is seen when nobody has said so. */
export function shownAtFirst(info: ColumnInfo, count: number): boolean {
  const { name } = info.column;
  if (info.group !== '') return info.differs || count <= FEW;
  if (ASKED.has(name)) return false;
  return ALWAYS.has(name) || info.differs;
}

/** The columns that are seen, in the order that a person gave them: the name, what is pinned, the others. */
export function shownColumns(infos: readonly ColumnInfo[], state: TableState): ColumnInfo[] {
  const count = infos.filter(info => info.group !== '').length;
  const hidden = new Set(state.hidden);
  const asked = new Set(state.shown ?? []);
  const seen = infos.filter(
    ({ column: { name } }, i) => asked.has(name) || (!hidden.has(name) && shownAtFirst(infos[i]!, count)),
  );
  const order = new Map((state.order ?? []).map((name, i) => [name, i]));
  const pinned = new Map((state.pinned ?? []).map((name, i) => [name, i - FIRST]));
  const place = ({ column: { name } }: ColumnInfo): number =>
    name === 'name' ? -2 * FIRST : (pinned.get(name) ?? order.get(name) ?? order.size);
  return seen.sort((a, b) => place(a) - place(b));
}

const FIRST = 1_000_000;

/** The state with one column shown or hidden. */
export function withShown(state: TableState, infos: readonly ColumnInfo[], name: string, shown: boolean): TableState {
  const count = infos.filter(info => info.group !== '').length;
  const info = infos.find(each => each.column.name === name);
  const first = info !== undefined && shownAtFirst(info, count);
  const without = (names: readonly string[]): string[] => names.filter(each => each !== name);
  const hidden = without(state.hidden);
  const asked = without(state.shown ?? []);
  if (shown && !first) asked.push(name);
  if (!shown && first) hidden.push(name);
  return { ...state, hidden, shown: asked };
}
