/** A plotly figure from elsewhere, without what would make a page ask for something: pictures by address, styles in labels. */

const MOST_DEPTH = 40;
const DRAWN = new Set([
  ...['bar', 'box', 'candlestick', 'contour', 'heatmap', 'histogram', 'histogram2d', 'histogram2dcontour', 'ohlc'],
  ...['pie', 'scatter', 'scatterternary', 'violin', 'waterfall', 'funnel'],
]);

/** The figure to draw; null for what is none, or is of kinds that are not drawn here. */
export function plainFigure(value: unknown): { readonly data: readonly object[]; readonly layout: object } | null {
  const figure = value as { readonly data?: unknown; readonly layout?: unknown } | null;
  if (typeof figure !== 'object' || figure === null || !Array.isArray(figure.data)) return null;
  const data = figure.data.filter(trace => typeof trace === 'object' && trace !== null);
  if (data.length === 0 || !data.every(trace => DRAWN.has(String(trace['type'] ?? 'scatter')))) return null;
  const layout = cleaned(figure.layout ?? {}, 0) as Record<string, unknown>;
  delete layout['width'];
  delete layout['height'];
  return { data: data.map(trace => cleaned(trace, 0) as object), layout };
}

/** Without styles, and with the dollar signs that would ask for a renderer of TeX as signs. */
function plainLabel(text: string): string {
  const styled = text.includes('<') ? text.replace(/\bstyle\s*=/gi, 'data-style=') : text;
  return styled.split('$').length > 2 ? styled.replaceAll('$', '&#36;') : styled;
}

function cleaned(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return plainLabel(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MOST_DEPTH) return null;
  if (Array.isArray(value)) return value.map(item => cleaned(item, depth + 1));
  const kept = Object.entries(value).filter(([key]) => !['images', 'map', 'mapbox', 'geo', '__proto__'].includes(key));
  return Object.fromEntries(kept.map(([key, item]) => [key, cleaned(item, depth + 1)]));
}
