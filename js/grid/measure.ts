/** How wide a column wants to be, from a sample of what it holds. */
import type { GridColumn } from './types';

const NARROWEST = 60;
const CELL_PADDING = 24;
/** Padding and the sort mark beside a header. */
const HEADER_EXTRA = 44;
const SAMPLED = 80;
/** Of a sample, as many of the longest are measured. */
const MEASURED = 8;

/** Headers and a column's best value are bold. */
const BOLD = '650';

/** Measures text in px as the browser draws it in bold, by its count of characters where there is no canvas. */
export function textMeasure(font: string): (text: string) => number {
  const context = document.createElement('canvas').getContext?.('2d') ?? null;
  if (!context) return text => text.length * 7;
  context.font = `${BOLD} ${font.replace(/^(?:normal |\d00 )+/, '')}`;
  return text => context.measureText(text).width;
}

/** The width at which `column` shows its header and a sample of its cells whole, within its bounds. */
export function fittingWidth(column: GridColumn, order: Uint32Array, measure: (text: string) => number): number {
  let widest = measure(column.title) + HEADER_EXTRA;
  const step = Math.max(1, Math.floor(order.length / SAMPLED));
  const texts: string[] = [];
  for (let position = 0; position < order.length; position += step) texts.push(column.text(order[position]!));
  texts.sort((a, b) => b.length - a.length);
  for (const text of texts.slice(0, MEASURED)) widest = Math.max(widest, measure(text) + CELL_PADDING + column.room);
  return Math.round(Math.max(NARROWEST, Math.min(column.widest, widest)));
}
