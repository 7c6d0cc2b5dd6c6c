/** What the cells of a group of runs show: count, mean ± standard deviation, or the value that all share. */

import { textAt } from '../core/columns';
import { formatDuration, formatNumber, formatRelative, statusText } from '../core/format';
import type { Column } from '../core/types';
import type { CellContext } from './table_cells';
import type { ColumnInfo } from './table_columns';

export interface GroupCells {
  text(row: number): string;
  look(row: number): string;
  tip(row: number): string;
}

export function groupCells(
  info: ColumnInfo,
  context: CellContext,
  metricFormat: (column: Column) => (value: number) => string,
): GroupCells {
  const { name } = info.column;
  const numeric = info.column.kind === 'number';
  return {
    text: row => cellText(row),
    look: () => (name === 'name' ? 'runname' : name === 'star' ? 'star' : numeric ? 'spread' : 'soft'),
    tip: row => cellTip(row),
  };

  function placeOf(row: number) {
    const groups = context.rows().groups;
    return groups ? { groups, at: row - context.table.length } : null;
  }

  function cellText(row: number): string {
    const place = placeOf(row);
    if (!place) return '';
    const { groups, at } = place;
    const group = groups.groups[at];
    if (!group) return '';
    if (name === 'name') return `${group.label} (${group.rows.length})`;
    if (name === 'star' || name === 'run_id') return '';
    const spread = groups.spread(name);
    if (spread) {
      const [mean, sd] = [spread.mean[at]!, spread.sd[at]!];
      if (Number.isNaN(mean)) return '–';
      const format = formatFor(mean, sd);
      return sd > 0 ? `${format(mean)} ± ${shortSpread(sd)}` : format(mean);
    }
    const shared = groups.column(name);
    const value = shared?.values[at] ?? Number.NaN;
    if (shared?.kind === 'time') return Number.isFinite(value) ? formatRelative(value, context.now()) : '–';
    if (shared && value === value) return name === 'status' ? statusText(textAt(shared, at)) : textAt(shared, at);
    const distinct = groups.distinct(name, at);
    return distinct === 0 ? '–' : `${distinct} values`;
  }

  function formatFor(mean: number, sd: number): (value: number) => string {
    if (name === 'duration') return formatDuration;
    return info.group === 'metrics' && (sd > 0 || !Number.isInteger(mean)) ? metricFormat(info.column) : formatNumber;
  }

  function shortSpread(sd: number): string {
    return name === 'duration' ? formatDuration(sd) : formatNumber(Number(sd.toPrecision(2)));
  }

  function cellTip(row: number): string {
    const place = placeOf(row);
    const spread = place?.groups.spread(name);
    if (!place || !spread?.count[place.at]) return '';
    const n = spread.count[place.at]!;
    const sd = spread.sd[place.at]!;
    return `mean ${spread.mean[place.at]}${n > 1 ? `, standard deviation ${sd}` : ''}, n = ${n}`;
  }
}
