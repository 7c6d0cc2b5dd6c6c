/** Values as people read them. All pure: the time it is now is always given. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MINUS = '−';

/** A number in at most four significant digits; whole numbers whole up to a million. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : `${MINUS}∞`;
  return negative(shortest(value));
}

function shortest(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (Number.isInteger(value) && size < 1e9) return String(value);
  if (size >= 1e6 || size < 1e-4) return exponent(value);
  return size >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(4)));
}

function exponent(value: number): string {
  const [digits, power] = value.toExponential(3).split('e');
  return `${Number(digits)}e${Number(power)}`;
}

function negative(text: string): string {
  return text.startsWith('-') ? `${MINUS}${text.slice(1)}` : text;
}

/** How to write the numbers of one column so that they line up: a fixed count of decimals where their range allows it. */
export function columnFormat(values: ArrayLike<number>): (value: number) => string {
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  let whole = true;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]!);
    if (!Number.isFinite(size) || size === 0) continue;
    if (size < least) least = size;
    if (size > most) most = size;
    if (whole && !Number.isInteger(size)) whole = false;
  }
  if (whole || least < 1e-4 || most >= 1e5) return formatNumber;
  const digits = Math.max(0, 3 - Math.floor(Math.log10(least)));
  const decimals = neededDecimals(values, Math.min(digits, most < 10 ? 5 : 4));
  return value => (Number.isFinite(value) ? negative(value.toFixed(decimals)) : formatNumber(value));
}

/** As many decimals, of `most`, as some value has use for. */
function neededDecimals(values: ArrayLike<number>, most: number): number {
  const scale = 10 ** most;
  let needed = 0;
  for (let i = 0; i < values.length && needed < most; i++) {
    let digits = Math.round(Math.abs(values[i]!) * scale);
    if (!Number.isFinite(digits)) continue;
    let decimals = most;
    while (decimals > needed && digits % 10 === 0) {
      digits /= 10;
      decimals -= 1;
    }
    needed = Math.max(needed, decimals);
  }
  return needed;
}

/** A span of time given in seconds: 12 ms, 3.4 s, 1 m 15 s, 2 h 3 m, 5 d 1 h. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '';
  const ms = Math.max(0, seconds * 1000);
  if (ms < 0.95) return ms === 0 ? '0 s' : `${Math.round(ms * 1000)} µs`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < MINUTE - 500) return `${Math.round(ms / SECOND)} s`;
  if (ms < HOUR - 500) return pair(Math.round(ms / SECOND), 60, 'm', 's');
  if (ms < DAY - MINUTE / 2) return pair(Math.round(ms / MINUTE), 60, 'h', 'm');
  return pair(Math.round(ms / HOUR), 24, 'd', 'h');
}

function pair(count: number, of: number, large: string, small: string): string {
  return `${Math.floor(count / of)} ${large} ${count % of} ${small}`;
}

/** How long before `now` a moment was; its date where it is more than four weeks ago. Both are ms since the epoch. */
export function formatRelative(time: number, now: number): string {
  const ago = now - time;
  if (!Number.isFinite(ago)) return '';
  if (ago < -MINUTE) return formatDate(time);
  if (ago < 10 * SECOND) return 'just now';
  if (ago < MINUTE) return `${Math.floor(ago / SECOND)} s ago`;
  if (ago < HOUR) return `${Math.floor(ago / MINUTE)} min ago`;
  if (ago < DAY) return `${Math.floor(ago / HOUR)} h ago`;
  return ago < 28 * DAY ? `${Math.floor(ago / DAY)} d ago` : formatDate(time);
}

/** 2026-01-31, in this place's time. */
export function formatDate(time: number): string {
  const date = new Date(time);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** 2026-01-31 12:30:05, in this place's time. */
export function formatTime(time: number): string {
  if (!Number.isFinite(time)) return '';
  const date = new Date(time);
  return `${formatDate(time)} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** A size in bytes: 512 B, 1.5 kB, 12 MB; a kB is 1,000 bytes. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let size = bytes;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size < 9.95 && unit > 0 ? Number(size.toFixed(1)) : Math.round(size)} ${units[unit]}`;
}

/** A count with its thousands set apart: 10,000. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `count` and the noun that goes with it: "1 run", "10,000 runs". */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

const STATUS: Readonly<Record<string, string>> = {
  RUNNING: 'Running',
  SCHEDULED: 'Scheduled',
  FINISHED: 'Finished',
  FAILED: 'Failed',
  KILLED: 'Killed',
};

/** A run's status as a word; one that is not known as it stands. */
export function statusText(status: string): string {
  return STATUS[status] ?? status;
}
