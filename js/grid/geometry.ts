/** Where rows and columns lie, and which of them a viewport shows. Pure; all lengths in px. */

/** Browsers clamp the height of an element: above this the scroll position stands for more than itself. */
export const TALLEST = 8_000_000;

export interface Span {
  readonly first: number;
  /** One past the last. */
  readonly end: number;
}

export class ColumnGeometry {
  /** The left edge of each column, and of the end. */
  readonly #edges: Float64Array;

  constructor(
    readonly widths: readonly number[],
    readonly pinned: number,
  ) {
    this.#edges = new Float64Array(widths.length + 1);
    widths.forEach((width, i) => {
      this.#edges[i + 1] = this.#edges[i]! + width;
    });
  }

  get total(): number {
    return this.left(this.widths.length);
  }

  get pinnedWidth(): number {
    return this.left(this.pinned);
  }

  left(column: number): number {
    return this.#edges[Math.min(column, this.widths.length)] ?? 0;
  }

  /** The columns beside the pinned ones that are seen in a view of `width` scrolled by `scroll`. */
  visible(scroll: number, width: number): Span {
    const first = Math.max(this.pinned, this.at(scroll + this.pinnedWidth));
    let end = first;
    while (end < this.widths.length && this.left(end) < scroll + width) end += 1;
    return { first, end };
  }

  /** The column at `x`; the last one beyond the end. */
  at(x: number): number {
    let low = 0;
    let high = this.widths.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.left(middle + 1) <= x) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The scroll position nearest to `scroll` at which `column` is seen whole. */
  reveal(column: number, scroll: number, width: number): number {
    if (column < this.pinned) return scroll;
    const most = this.left(column) - this.pinnedWidth;
    const least = this.left(column + 1) - width;
    return Math.max(0, Math.min(most, Math.max(least, scroll)));
  }
}

export class RowGeometry {
  /** How many px of rows one px of scrolling passes. */
  readonly factor: number;

  constructor(
    readonly count: number,
    readonly height: number,
    readonly view: number,
  ) {
    const total = count * height;
    this.factor = total > TALLEST ? (total - view) / (TALLEST - view) : 1;
  }

  /** The height that the scrolled element is given. */
  get scrollHeight(): number {
    return Math.min(this.count * this.height, TALLEST);
  }

  /** The distance of the view's upper edge from the first row's. */
  top(scroll: number): number {
    return Math.max(0, Math.min(scroll * this.factor, this.count * this.height - this.view));
  }

  scrollTo(top: number): number {
    return top / this.factor;
  }

  visible(scroll: number): Span {
    const top = this.top(scroll);
    const first = Math.floor(top / this.height);
    return { first, end: Math.min(this.count, Math.ceil((top + this.view) / this.height)) };
  }

  /** The scroll position nearest to `scroll` at which the row at `position` is seen whole. */
  reveal(position: number, scroll: number): number {
    const top = this.top(scroll);
    const upper = position * this.height;
    if (upper < top) return this.scrollTo(upper);
    return upper + this.height > top + this.view ? this.scrollTo(upper + this.height - this.view) : scroll;
  }
}
