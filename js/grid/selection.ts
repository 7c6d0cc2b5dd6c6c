/** Which rows are selected; rows are numbers of the data, so that sorting and filtering leave them selected. */
export class Selection {
  readonly #rows = new Set<number>();
  /** Where a range begins: the row that was last chosen by itself. */
  #anchor = -1;
  #version = 0;

  /** Raised by every change. */
  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#rows.size;
  }

  has(row: number): boolean {
    return this.#rows.has(row);
  }

  /** The selected rows in the order of the data. */
  rows(): number[] {
    return [...this.#rows].sort((a, b) => a - b);
  }

  replace(rows: Iterable<number>): void {
    this.#version += 1;
    this.#rows.clear();
    for (const row of rows) this.#rows.add(row);
  }

  clear(): void {
    this.#version += 1;
    this.#rows.clear();
    this.#anchor = -1;
  }

  toggle(row: number): void {
    this.#version += 1;
    if (!this.#rows.delete(row)) this.#rows.add(row);
    this.#anchor = row;
  }

  /** Marks where the next range begins, unless one has begun. */
  anchor(row: number): void {
    if (this.#anchor < 0) this.#anchor = row;
  }

  /** Adds the rows of `order` between the anchor and the row at `position`. */
  extend(order: Uint32Array, position: number): void {
    this.#version += 1;
    const from = this.#anchor < 0 ? position : Math.max(0, order.indexOf(this.#anchor));
    for (let i = Math.min(from, position); i <= Math.max(from, position); i++) this.#rows.add(order[i]!);
  }

  /** Whether all, some or none of `order` are selected. */
  extent(order: Uint32Array): 'all' | 'some' | 'none' {
    if (this.#rows.size === 0) return 'none';
    let count = 0;
    for (const row of order) if (this.#rows.has(row)) count += 1;
    if (count === 0) return 'none';
    return count === order.length ? 'all' : 'some';
  }

  /** Selects all of `order`, or none of it where all are. */
  toggleAll(order: Uint32Array): void {
    this.#version += 1;
    const all = this.extent(order) === 'all';
    for (const row of order) {
      if (all) this.#rows.delete(row);
      else this.#rows.add(row);
    }
  }
}
