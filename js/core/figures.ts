/** What comparisons need to know of runs and colours to make figures. No plotting library and no page in it. */
import { isMissing, textAt } from './columns';
import { directionOf } from './direction';
import { columnFormat, formatDate, formatDuration, formatNumber, formatTime, statusText } from './format';
import type { Column, Table } from './types';

/** Told apart by people with any colour vision, in this order; the same places in both lists are the same hue. */
const LIGHT = ['#0072b2', '#d55e00', '#009e73', '#b8519b', '#c78500', '#2f9fd8', '#6a51a3', '#7a7a7a'];
const DARK = ['#4ba3e3', '#ff8a4c', '#35c79a', '#e79ac4', '#f2b84b', '#8fd3ff', '#b8a2f0', '#b4b4b4'];
const DASHES = ['solid', 'dash', 'dot', 'dashdot'] as const;

export interface Style {
  readonly color: string;
  /** Runs beyond the eighth share colours, and differ in their dashes. */
  readonly dash: (typeof DASHES)[number];
}

/** The look of the run at `position` of `count`, the same in every chart. Dashes that tell no run apart are left out. */
export function styleOf(position: number, dark: boolean, count = 0): Style {
  const colors = dark ? DARK : LIGHT;
  const tells = count <= colors.length * DASHES.length;
  return {
    color: colors[position % colors.length]!,
    dash: tells ? DASHES[Math.floor(position / colors.length) % DASHES.length]! : 'solid',
  };
}

/** Viridis at equal shares: what is more is lighter, also in grey. */
const RAMP = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
] as const;

/** The colour of a share of the way from the least to the greatest; grey for NaN. */
export function rampColor(share: number): string {
  if (Number.isNaN(share)) return '#8888';
  const at = Math.max(0, Math.min(1, share)) * (RAMP.length - 1);
  const [low, high] = [RAMP[Math.floor(at)]!, RAMP[Math.ceil(at)]!];
  const mixed = low.map((part, i) => Math.round(part + (high[i]! - part) * (at - Math.floor(at))));
  return `rgb(${mixed.join(',')})`;
}

export interface RunLabel {
  readonly row: number;
  readonly id: string;
  /** The run's name, with the end of its id where another run has the same. */
  readonly label: string;
}

/** One label a run, no two alike. */
export function runLabels(table: Table): RunLabel[] {
  const ids = table.column('run_id');
  const names = table.column('name');
  const rows = Array.from({ length: table.length }, (_, row) => {
    const id = ids ? textAt(ids, row) : String(row);
    return { row, id, name: (names && textAt(names, row)) || id.slice(-8) };
  });
  const count = new Map<string, number>();
  for (const { name } of rows) count.set(name, (count.get(name) ?? 0) + 1);
  return rows.map(({ row, id, name }) => ({
    row,
    id,
    label: count.get(name)! > 1 ? `${name} (${id.slice(-6)})` : name,
  }));
}

/** What a cell says, '–' where the run has no value. */
export function valueText(column: Column, row: number): string {
  if (isMissing(column, row)) return '–';
  const value = column.values[row]!;
  if (column.name === 'duration') return formatDuration(value);
  if (column.kind === 'number') return formatNumber(value);
  return column.kind === 'time' ? formatTime(value) : textAt(column, row);
}

/** What cells of these rows say side by side: a metric's values with as many decimals each. */
export function texts(column: Column, rows: readonly number[]): (row: number) => string {
  if (column.name === 'status') return row => (isMissing(column, row) ? '–' : statusText(textAt(column, row)));
  if (!column.name.startsWith('metrics.') || column.kind !== 'number') return row => valueText(column, row);
  const format = columnFormat(rows.map(row => column.values[row]!));
  return row => (isMissing(column, row) ? '–' : format(column.values[row]!));
}

/** Whether these rows do not all have the same value; none is a value too. */
export function differs(column: Column, rows: readonly number[]): boolean {
  const [first, ...rest] = rows;
  if (first === undefined) return false;
  const missing = isMissing(column, first);
  return rest.some(row => isMissing(column, row) !== missing || !Object.is(column.values[row], column.values[first]));
}

/** The row of the best value of a metric, null where neither direction is better or no run stands out. */
export function bestRow(column: Column, rows: readonly number[]): number | null {
  const direction = directionOf(column.name.replace(/^metrics\./, ''));
  if (!direction || column.kind !== 'number' || rows.length < 2 || !differs(column, rows)) return null;
  let best: number | null = null;
  let worse = false;
  for (const row of rows) {
    const value = column.values[row]!;
    if (!Number.isFinite(value)) continue;
    worse ||= best !== null && value !== column.values[best]!;
    const reigning = best === null ? null : column.values[best]!;
    if (reigning === null || (direction === 'higher' ? value > reigning : value < reigning)) best = row;
  }
  return worse ? best : null;
}

/** A column's name without its family: `params.C` is C. */
export function shortName(name: string): string {
  return name.replace(/^(?:params|metrics|tags)\./, '');
}

/** Text that plotly shows as it stands: its labels read a subset of HTML, and TeX between dollar signs. */
export function escapeText(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/\$/g, '&#36;');
}

/** At most `length` characters, the middle left out: both ends of a name tell it apart. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  const tail = Math.floor((length - 1) / 3);
  return `${text.slice(0, length - 1 - tail)}…${text.slice(text.length - tail)}`;
}

/** Where values stand on an axis: 0 at its foot, 1 at its head; NaN for a run with no value. */
export interface Scale {
  readonly at: (row: number) => number;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
  readonly log: boolean;
}

/** The scale of a column over these rows. Positive numbers over two decades and more stand on a logarithmic one. */
export function scaleOf(column: Column, rows: readonly number[]): Scale {
  return column.kind === 'number' || column.kind === 'time' ? numberScale(column, rows) : textScale(column, rows);
}

function numberScale(column: Column, rows: readonly number[]): Scale {
  const values = rows.map(row => column.values[row]!).filter(Number.isFinite);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const log = column.kind === 'number' && low > 0 && high / low >= 100;
  const by = log ? Math.log10 : (value: number) => value;
  const span = by(high) - by(low);
  const place = (value: number) =>
    Number.isFinite(value) ? (span > 0 ? (by(value) - by(low)) / span : 0.5) : Number.NaN;
  const text = column.kind === 'time' ? formatDate : formatNumber;
  const marks = values.length === 0 ? [] : span > 0 ? tickValues(low, high, log) : [low];
  return {
    at: row => place(column.values[row]!),
    ticks: marks.map(value => ({ at: place(value), text: text(value) })),
    log,
  };
}

function tickValues(low: number, high: number, log: boolean): number[] {
  if (!log) return [0, 0.25, 0.5, 0.75, 1].map(part => low + part * (high - low));
  const inner: number[] = [];
  const [first, last] = [Math.ceil(Math.log10(low)), Math.floor(Math.log10(high))];
  const every = Math.max(1, Math.ceil((last - first + 1) / 6));
  for (let power = first; power <= last; power += every) {
    const value = 10 ** power;
    if (Math.log10(value / low) > 0.35 && Math.log10(high / value) > 0.35) inner.push(value);
  }
  return [low, ...inner, high];
}

function textScale(column: Column, rows: readonly number[]): Scale {
  const words = [...new Set(rows.filter(row => !isMissing(column, row)).map(row => textAt(column, row)))];
  words.sort(new Intl.Collator('en', { numeric: true }).compare);
  const places = new Map(words.map((word, i) => [word, words.length > 1 ? i / (words.length - 1) : 0.5]));
  const every = Math.ceil(words.length / 12);
  return {
    at: row => (isMissing(column, row) ? Number.NaN : (places.get(textAt(column, row)) ?? Number.NaN)),
    ticks: words.filter((_, i) => i % every === 0).map(word => ({ at: places.get(word)!, text: word })),
    log: false,
  };
}
