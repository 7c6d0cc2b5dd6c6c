/** The little of plotly that is used, and one chart drawn by it: loaded on first need, coloured by the page, never phoning home. */

export interface PlotlyLike {
  react(node: HTMLElement, data: readonly object[], layout: object, config: object): Promise<unknown>;
  purge(node: HTMLElement): void;
  relayout(node: HTMLElement, change: object): Promise<unknown>;
  restyle(node: HTMLElement, change: object, traces: readonly number[]): Promise<unknown>;
  downloadImage(node: HTMLElement, options: object): Promise<unknown>;
  Plots: { resize(node: HTMLElement): unknown };
}

export interface Figure {
  readonly data: readonly object[];
  readonly layout: object;
}

interface PlotlyNode extends HTMLElement {
  readonly data?: readonly { readonly meta?: unknown; readonly opacity?: number }[];
  /** The traces as plotly completed them, each drawn in an element of a class by its `uid`. */
  readonly _fullData?: readonly { readonly uid?: string }[];
  on?(event: string, listener: (detail: Readonly<Record<string, unknown>>) => void): void;
  removeAllListeners?(event: string): void;
}

/** What a person looks at on the x axis; null is all of it. */
export type Range = readonly [number, number] | null;

const CONFIG = {
  displaylogo: false,
  plotlyServerURL: '',
  modeBarButtonsToRemove: ['sendChartToCloud', 'select2d', 'lasso2d', 'autoScale2d'],
  responsive: false,
  doubleClick: 'reset',
  showSendToCloud: false,
  showTips: false,
};

const FADED = 0.12;

export class Chart {
  readonly node: HTMLElement;
  readonly #load: () => Promise<PlotlyLike>;
  readonly #resized: ResizeObserver;
  #plotly: PlotlyLike | null = null;
  #wanted = 0;
  #width = 0;
  #closed = false;

  /** `zoomed` is told of each change of the x range by the person. */
  constructor(
    node: HTMLElement,
    load: () => Promise<PlotlyLike>,
    readonly zoomed: (range: Range) => void = () => {},
    /** Is told of the point that the pointer is on: its trace's `meta` and its place in it; null for none. */
    readonly pointed: (at: { readonly meta: unknown; readonly point: number } | null) => void = () => {},
  ) {
    this.node = node;
    this.#load = load;
    this.#resized = new ResizeObserver(() => this.#fit());
    this.#resized.observe(node);
  }

  get width(): number {
    return this.node.clientWidth || 400;
  }

  /** Draws the figure; of several asked for in a row only the last is drawn. Rejects if plotly cannot be loaded. */
  async draw(figure: Figure): Promise<void> {
    const turn = ++this.#wanted;
    const first = !this.#plotly;
    this.#plotly ??= await this.#load();
    if (turn !== this.#wanted || this.#closed) return;
    const layout = mergeLayout(themeLayout(this.node), figure.layout);
    this.#width = this.node.clientWidth;
    await this.#plotly.react(this.node, figure.data, layout, CONFIG);
    if (first && !this.#closed) {
      (this.node as PlotlyNode).on?.('plotly_relayout', change => {
        const range = rangeOf(change);
        if (range !== undefined) this.zoomed(range);
      });
      (this.node as PlotlyNode).on?.('plotly_hover', detail => {
        const [first] = (detail['points'] ?? []) as { data: { meta?: unknown }; pointNumber: number }[];
        this.pointed(first ? { meta: first.data.meta, point: first.pointNumber } : null);
      });
      (this.node as PlotlyNode).on?.('plotly_unhover', () => this.pointed(null));
    }
  }

  /** Saves what is drawn as a file; does nothing before anything is drawn. */
  async save(format: 'png' | 'svg', filename: string): Promise<void> {
    const { clientWidth: width, clientHeight: height } = this.node;
    await this.#plotly?.downloadImage(this.node, { format, filename, width, height, scale: format === 'png' ? 2 : 1 });
  }

  /** Lets the traces of one `meta` stand out by their opacity; null for all as they were. */
  light(meta: string | null): void {
    const { data, _fullData: full } = this.node as PlotlyNode;
    if (!this.#plotly || !data || !full || data.every(trace => trace.meta === undefined)) return;
    if (data.some(trace => Array.isArray(trace.meta))) {
      void this.#lightPoints(data, meta);
      return;
    }
    const none = meta === null || !data.some(trace => trace.meta === meta);
    // Not by plotly's restyle: for hundreds of lines that takes longer than drawing them anew.
    data.forEach((trace, i) => {
      const [drawn] = this.node.getElementsByClassName(`trace${full[i]?.uid ?? ''}`) as Iterable<SVGElement>;
      if (drawn) drawn.style.opacity = String(none || trace.meta === meta ? (trace.opacity ?? 1) : FADED);
    });
  }

  /** The same where each point stands for a run. */
  async #lightPoints(data: readonly { readonly meta?: unknown }[], meta: string | null): Promise<void> {
    const places = data.flatMap((trace, i) => (Array.isArray(trace.meta) ? [i] : []));
    const points = places.map(i => (meta === null ? -1 : (data[i]!.meta as readonly unknown[]).indexOf(meta)));
    const none = points.every(point => point < 0);
    const selectedpoints = points.map(point => (none ? null : point < 0 ? [] : [point]));
    await this.#plotly?.restyle(this.node, { selectedpoints }, places);
  }

  #fit(): void {
    if (!this.#plotly || this.#closed || this.node.clientWidth === 0 || this.node.clientWidth === this.#width) return;
    if (!this.node.classList.contains('js-plotly-plot')) return;
    this.#width = this.node.clientWidth;
    this.#plotly.Plots.resize(this.node);
  }

  close(): void {
    this.#closed = true;
    this.#resized.disconnect();
    this.#plotly?.purge(this.node);
  }
}

/** The x range in an event of plotly's: undefined where it is about something else. Dates come as UTC text. */
export function rangeOf(change: Readonly<Record<string, unknown>>): Range | undefined {
  if (change['xaxis.autorange'] === true) return null;
  const pair = change['xaxis.range'] as readonly unknown[] | undefined;
  const low = axisNumber(change['xaxis.range[0]'] ?? pair?.[0]);
  const high = axisNumber(change['xaxis.range[1]'] ?? pair?.[1]);
  return Number.isNaN(low) || Number.isNaN(high) ? undefined : [Math.min(low, high), Math.max(low, high)];
}

function axisNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return Number.NaN;
  const number = Number(value);
  if (!Number.isNaN(number)) return number;
  const [day, time = '00:00'] = value.split(' ');
  return Date.parse(`${day}T${time.slice(0, 12)}Z`);
}

/** Fonts and colours as the page has them where `node` stands. */
function themeLayout(node: HTMLElement): Record<string, object | string | boolean> {
  const style = getComputedStyle(node);
  const [red = 31, green = 35, blue = 40] = (style.color.match(/[\d.]+/g) ?? []).map(Number);
  const ink = (alpha: number) => `rgba(${red},${green},${blue},${alpha})`;
  const axis = {
    gridcolor: ink(0.1),
    zerolinecolor: ink(0.18),
    linecolor: ink(0.3),
    tickfont: { color: ink(0.72), size: 11 },
    automargin: true,
    title: { font: { color: ink(0.72), size: 12 }, standoff: 6 },
  };
  const dark = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 127;
  return {
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    font: { family: style.fontFamily, color: ink(1), size: 12 },
    hoverlabel: {
      bgcolor: dark ? '#22262c' : '#ffffff',
      bordercolor: ink(0.25),
      font: { color: ink(1), size: 12, family: style.fontFamily },
      align: 'left',
      namelength: -1,
    },
    modebar: { bgcolor: 'rgba(0,0,0,0)', color: ink(0.4), activecolor: ink(0.9) },
    xaxis: axis,
    yaxis: axis,
    showlegend: false,
    hovermode: 'closest',
    dragmode: 'zoom',
    autosize: true,
  };
}

/** `over` laid over `base`, one object in another. */
function mergeLayout(base: object, over: object): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isPlain(below) && isPlain(value) ? mergeLayout(below, value) : value;
  }
  return merged;
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
