/** Which rows are selected; rows are numbers of the data, so that sorting and filtering leave them selected. */
export class Selection {
  readonly #rows = new Set<number>();
  /** Where a range begins: the row that was last chosen by itself. */
  #anchor = -1;
  #version = 0;
  /** The rows that a row stands for which is none itself; null for the others. */
  members: (row: number) => Iterable<number> | null = () => null;
  readonly #whole = new Map<number, boolean>();
  #wholeOf = -1;

  /** Raised by every change. */
  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#rows.size;
  }

  has(row: number): boolean {
    const members = this.members(row);
    return members ? this.#hasAll(row, members) : this.#rows.has(row);
  }

  /** Asked for at each drawing, so that the answer is kept until the selection changes. */
  #hasAll(row: number, members: Iterable<number>): boolean {
    if (this.#wholeOf !== this.#version) this.#whole.clear();
    this.#wholeOf = this.#version;
    const known = this.#whole.get(row);
    if (known !== undefined) return known;
    let all = true;
    for (const member of members) {
      all = this.#rows.has(member);
      if (!all) break;
    }
    this.#whole.set(row, all);
    return all;
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
    const chosen = this.has(row);
    this.#version += 1;
    for (const each of this.members(row) ?? [row]) {
      if (chosen) this.#rows.delete(each);
      else this.#rows.add(each);
    }
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
    for (let i = Math.min(from, position); i <= Math.max(from, position); i++) {
      for (const row of this.members(order[i]!) ?? [order[i]!]) this.#rows.add(row);
    }
  }

  /** Whether all, some or none of `order` are selected. */
  extent(order: Uint32Array): 'all' | 'some' | 'none' {
    if (this.#rows.size === 0) return 'none';
    let count = 0;
    for (const row of order) if (this.has(row)) count += 1;
    if (count === 0) return 'none';
    return count === order.length ? 'all' : 'some';
  }

  /** Selects all of `order`, or none of it where all are. */
  toggleAll(order: Uint32Array): void {
    this.#version += 1;
    const all = this.extent(order) === 'all';
    for (const shown of order) {
      for (const row of this.members(shown) ?? [shown]) {
        if (all) this.#rows.delete(row);
        else this.#rows.add(row);
      }
    }
  }
}
