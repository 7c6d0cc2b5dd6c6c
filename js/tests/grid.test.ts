import { describe, expect, test } from 'vitest';
import { ColumnGeometry, RowGeometry, TALLEST } from '../grid/geometry';
import { commandFor, type Stroke } from '../grid/keys';
import { Selection } from '../grid/selection';
import type { Place } from '../grid/types';

describe('columns', () => {
  const geometry = new ColumnGeometry([30, 100, 50, 60, 70, 80], 2);

  test('only those seen beside the pinned ones are visible', () => {
    expect(geometry.visible(0, 200)).toEqual({ first: 2, end: 4 });
    expect(geometry.visible(60, 200)).toEqual({ first: 3, end: 5 });
    expect(geometry.visible(1000, 200)).toEqual({ first: 6, end: 6 });
  });

  test('a column is scrolled to only as far as needed', () => {
    expect(geometry.reveal(5, 0, 250)).toBe(140);
    expect(geometry.reveal(2, 140, 250)).toBe(0);
    expect(geometry.reveal(1, 140, 250)).toBe(140);
  });
});

describe('rows', () => {
  test('a tall table scrolls by a factor, and its last row is reached', () => {
    const rows = new RowGeometry(1_000_000, 28, 400);
    expect(rows.scrollHeight).toBe(TALLEST);
    expect(rows.visible(TALLEST - 400).end).toBe(1_000_000);
    expect(rows.visible(0)).toEqual({ first: 0, end: 15 });
  });

  test.each([10, 100_000, 1_000_000])('each of %d can be scrolled to', count => {
    const rows = new RowGeometry(count, 28, 280);
    for (const position of [0, Math.floor(count / 3), count - 1]) {
      const { first, end } = rows.visible(rows.reveal(position, 0));
      expect(first <= position && position < end).toBe(true);
    }
  });
});

describe('keys', () => {
  const bounds = { rows: 100, columns: 5, page: 10 };
  const stroke = (key: string, held: Partial<Stroke> = {}): Stroke => ({
    key,
    ctrlKey: false,
    metaKey: false,
    shiftKey: false,
    altKey: false,
    ...held,
  });
  const to = (key: string, from: Place, held: Partial<Stroke> = {}): Place | null => {
    const command = commandFor(stroke(key, held), from, bounds);
    return command?.do === 'go' ? command.to : null;
  };
  const at = (position: number, column: number): Place => ({ position, column });

  test('move inside the grid and into its header', () => {
    expect(to('ArrowDown', at(99, 2))).toEqual(at(99, 2));
    expect(to('ArrowUp', at(0, 2))).toEqual(at(-1, 2));
    expect(to('PageDown', at(95, 2))).toEqual(at(99, 2));
    expect(to('PageUp', at(5, 2))).toEqual(at(0, 2));
    expect(to('End', at(5, 2))).toEqual(at(5, 4));
    expect(to('Home', at(5, 2), { ctrlKey: true })).toEqual(at(0, 0));
    expect(to('End', at(5, 2), { ctrlKey: true })).toEqual(at(99, 4));
  });

  test('select, sort, widen and clear', () => {
    const command = (key: string, place: Place, held: Partial<Stroke> = {}) =>
      commandFor(stroke(key, held), place, bounds);
    expect(command(' ', at(3, 2))).toEqual({ do: 'toggle' });
    expect(command(' ', at(3, 2), { shiftKey: true })).toEqual({ do: 'extend' });
    expect(command('ArrowDown', at(3, 2), { shiftKey: true })).toMatchObject({ do: 'go', extends: true });
    expect(command('Enter', at(-1, 2), { shiftKey: true })).toEqual({ do: 'sort', adds: true });
    expect(command('a', at(3, 2), { ctrlKey: true })).toEqual({ do: 'all' });
    expect(command('ArrowRight', at(-1, 2), { altKey: true })).toMatchObject({ do: 'widen' });
    expect(command('Escape', at(3, 2))).toEqual({ do: 'clear' });
  });

  test('leave to the page what is not theirs', () => {
    for (const key of ['x', 'Tab', 'F5']) expect(commandFor(stroke(key), at(3, 2), bounds)).toBeNull();
    expect(commandFor(stroke('s', { ctrlKey: true }), at(3, 2), bounds)).toBeNull();
  });
});

describe('the selection', () => {
  const order = Uint32Array.of(4, 2, 0, 1, 3);

  test('extends from the row last chosen, in the order shown', () => {
    const selection = new Selection();
    selection.toggle(2);
    selection.extend(order, 3);
    expect(selection.rows()).toEqual([0, 1, 2]);
    expect(selection.extent(order)).toBe('some');
  });

  test('all of the rows shown, then none of them, leaves the others as they are', () => {
    const selection = new Selection();
    selection.replace([4]);
    const shown = order.subarray(1);
    selection.toggleAll(shown);
    expect(selection.extent(shown)).toBe('all');
    selection.toggleAll(shown);
    expect(selection.rows()).toEqual([4]);
  });
});
