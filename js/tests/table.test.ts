import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { columnOf, makeTable } from '../core/columns';
import type { Source, Table, TableData, TableState } from '../core/types';
import { table as show } from '../view/table';
import { toComparison, toCsv, toPython } from '../view/table_copy';
import { TableModel } from '../view/table_model';

const EVIL = '<img src=x onerror=alert(1)>';

function runs(count: number): Table {
  const each = <T>(value: (row: number) => T): T[] => Array.from({ length: count }, (_, row) => value(row));
  return makeTable(
    [
      columnOf(
        'run_id',
        'string',
        each(row => `r${row}`),
      ),
      columnOf(
        'name',
        'string',
        each(row => (row === 1 ? EVIL : `run ${row}`)),
      ),
      columnOf(
        'status',
        'string',
        each(row => (row % 2 ? 'FAILED' : 'FINISHED')),
      ),
      columnOf(
        'start_time',
        'time',
        each(row => 1767225600000 - row * 60_000),
      ),
      columnOf(
        'duration',
        'number',
        each(row => row),
      ),
      columnOf(
        'params.same',
        'number',
        each(() => 7),
      ),
      columnOf(
        'params.C',
        'number',
        each(row => row % 3),
      ),
      columnOf(
        'metrics.acc',
        'number',
        each(row => (row === 2 ? null : row / 100)),
      ),
      columnOf(
        'metrics.loss',
        'number',
        each(row => 1 + row),
      ),
    ],
    count,
  );
}

class Held implements Source<TableData> {
  readonly sent: string[] = [];
  readonly #heard = new Map<string, Set<() => void>>();

  constructor(private data: TableData) {}

  get<K extends keyof TableData>(key: K): TableData[K] {
    return this.data[key];
  }

  set<K extends keyof TableData>(key: K, value: TableData[K]): void {
    this.sent.push(key);
    this.arrive(key, value);
  }

  on<K extends keyof TableData>(key: K, changed: () => void): () => void {
    const heard = this.#heard.get(key) ?? new Set();
    this.#heard.set(key, heard.add(changed));
    return () => heard.delete(changed);
  }

  /** A value comes from Python. */
  arrive<K extends keyof TableData>(key: K, value: TableData[K]): void {
    this.data = { ...this.data, [key]: value };
    for (const changed of this.#heard.get(key) ?? []) changed();
  }

  get listeners(): number {
    return [...this.#heard.values()].reduce((sum, heard) => sum + heard.size, 0);
  }
}

const STATE: TableState = { where: '', sort: [], hidden: [] };
const WIDTH = 2000;
const HEIGHT = 420;
let root: HTMLElement;
let source: Held;
let stop: () => void;

function open(count: number, data: Partial<TableData> = {}): void {
  source = new Held({ title: 'iris', total: count, runs: runs(count), state: STATE, selected: [], ...data });
  stop = show(root, source);
}

const shadow = (): ShadowRoot => root.firstElementChild!.shadowRoot!;
const find = <E extends Element>(selector: string): E => shadow().querySelector<E>(selector)!;
const shownRows = (): Element[] =>
  [...shadow().querySelectorAll<HTMLElement>('.row')]
    .filter(row => row.style.display !== 'none')
    .sort((a, b) => Number(a.getAttribute('aria-rowindex')) - Number(b.getAttribute('aria-rowindex')));
const column = (title: string): number =>
  [...shadow().querySelectorAll('.headcell')].findIndex(head => head.querySelector('.title')?.textContent === title) +
  1;
const cells = (title: string): (string | null | undefined)[] =>
  shownRows().map(row => row.querySelector(`[aria-colindex="${column(title)}"] .value`)?.textContent);
const settle = (): Promise<void> => new Promise(resolve => setTimeout(resolve));
const press = (target: Element, key: string, held: KeyboardEventInit = {}): boolean =>
  target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, composed: true, cancelable: true, ...held }));

/** The test's DOM lays nothing out: it is told the size of what it shows. */
beforeEach(() => {
  for (const [name, size] of [
    ['clientWidth', WIDTH],
    ['clientHeight', HEIGHT],
    ['offsetHeight', HEIGHT],
  ] as const) {
    Object.defineProperty(HTMLElement.prototype, name, { configurable: true, get: () => size });
  }
  root = document.createElement('div');
  document.body.append(root);
});

afterEach(() => {
  stop();
  root.remove();
});

describe('the table', () => {
  test('shows runs as text, whatever their names hold', () => {
    open(3);
    expect(cells('Name')).toEqual(['run 0', EVIL, 'run 2']);
    expect(cells('Status')).toEqual(['Finished', 'Failed', 'Finished']);
    expect(cells('acc')).toEqual(['0.00', '0.01', '–']);
    expect(shadow().querySelector('img')).toBeNull();
    expect(find('.count').textContent).toBe('3 runs');
  });

  test('keeps few nodes for many runs, and tells assistive technology of all of them', () => {
    open(10_000);
    expect(shadow().querySelectorAll('.row').length).toBeLessThan(20);
    expect(find('[role=grid]').getAttribute('aria-rowcount')).toBe('10001');
  });

  test('puts columns that differ first and marks the best value by its direction', () => {
    open(5);
    expect(column('C')).toBeLessThan(column('same'));
    const best = [...shadow().querySelectorAll('.value.best')].map(value => value.textContent);
    expect(best.sort()).toEqual(['0.04', '1']);
  });

  test('what is the same in all runs is folded away behind a chip that opens the columns', () => {
    const same = Array.from({ length: 14 }, (_, i) => columnOf(`params.p${i}`, 'number', [i, i === 0 ? 1 : i]));
    open(2, { runs: makeTable([columnOf('run_id', 'string', ['a', 'b']), ...same]) });
    expect(column('p0')).toBeGreaterThan(0);
    expect(shadow().textContent).not.toContain('p13');
    const chip = find<HTMLElement>('[data-chip=same]');
    expect(chip.textContent).toBe('13 same in all');
    expect(chip.title).toContain('params.p1 = 1');
  });

  test('says in a sentence what to do when it is empty', () => {
    open(0);
    expect(find('.empty').textContent).toContain('%%track');
    expect(find<HTMLElement>('.grid').hidden).toBe(true);
  });

  test('leaves nothing behind', () => {
    open(3);
    stop();
    expect(root.children.length).toBe(0);
    expect(source.listeners).toBe(0);
  });
});

describe('sorting and filtering', () => {
  test('Enter on a header sorts, again the other way, and the third time as before', () => {
    open(4);
    const head = shadow().querySelectorAll('.headcell')[column('loss') - 1]!;
    for (let i = column('loss') - 2; i > 0; i--) press(find('.grid'), 'ArrowRight');
    press(find('.grid'), 'ArrowUp');
    press(find('.grid'), 'Enter');
    expect(source.get('state').sort).toEqual([{ column: 'metrics.loss', descending: false }]);
    expect(head.getAttribute('aria-sort')).toBe('ascending');
    press(find('.grid'), 'Enter');
    expect(cells('loss')).toEqual(['4', '3', '2', '1']);
    press(find('.grid'), 'Enter');
    expect(source.get('state').sort).toEqual([]);
  });

  test('a filter is applied on Enter and told to Python', () => {
    open(10);
    const input = find<HTMLInputElement>('input');
    input.value = "status = 'FAILED' AND metrics.acc > 0.02";
    press(input, 'Enter');
    expect(cells('Name')).toEqual(['run 3', 'run 5', 'run 7', 'run 9']);
    expect(find('.count').textContent).toBe('4 of 10 runs');
    expect(source.get('state').where).toBe(input.value);
  });

  test('a mistake is told with its place and changes nothing', () => {
    open(10);
    const input = find<HTMLInputElement>('input');
    input.value = 'metrics.acc >> 1';
    press(input, 'Enter');
    expect(find('.says').textContent).toMatch(/Expected a number/);
    expect(find('.says mark').textContent).toBe('>');
    expect(input.getAttribute('aria-invalid')).toBe('true');
    expect(source.sent.filter(key => key !== 'columns')).toEqual([]);
    press(input, 'Escape');
    expect(find<HTMLElement>('.says').hidden).toBe(true);
  });

  test('changes from Python are taken over and not sent back', async () => {
    open(10);
    source.arrive('state', {
      where: 'params.C = 1',
      sort: [{ column: 'duration', descending: true }],
      hidden: ['status'],
    });
    await settle();
    expect(cells('Name')).toEqual(['run 7', 'run 4', EVIL]);
    expect(find<HTMLInputElement>('input').value).toBe('params.C = 1');
    expect(column('Status')).toBe(0);
    expect(source.sent.filter(key => key !== 'columns')).toEqual([]);
  });
});

describe('selecting', () => {
  test('Space and Shift+arrows select, Escape clears', () => {
    open(10);
    const grid = find('.grid');
    press(grid, ' ');
    press(grid, 'ArrowDown', { shiftKey: true });
    press(grid, 'ArrowDown', { shiftKey: true });
    expect(source.get('selected')).toEqual(['r0', 'r1', 'r2']);
    expect(
      shownRows()
        .map(row => row.getAttribute('aria-selected'))
        .slice(1, 4),
    ).toEqual(['true', 'true', 'false']);
    press(grid, 'Escape');
    expect(source.get('selected')).toEqual([]);
  });

  test('it and the keyboard stay with the runs when new ones arrive above them', async () => {
    open(3, { selected: ['r1'] });
    const more = runs(3);
    const shifted = makeTable(
      more.columns.map(each => (each.name === 'run_id' ? columnOf('run_id', 'string', ['new', 'r0', 'r1']) : each)),
    );
    source.arrive('runs', shifted);
    await settle();
    expect(shownRows().map(row => row.getAttribute('aria-selected'))).toEqual(['false', 'false', 'true']);
    expect(source.sent.filter(key => key !== 'columns')).toEqual([]);
    press(find('.grid'), ' ');
    expect(source.get('selected')).toEqual(['r0', 'r1']);
  });

  test('what Python selects is shown', () => {
    open(3);
    source.arrive('selected', ['r2', 'gone']);
    expect(shownRows().map(row => row.getAttribute('aria-selected'))).toEqual(['false', 'false', 'true']);
    expect(find('.chosen').textContent).toContain('1 selected');
  });

  test('keys do not reach the page', () => {
    open(3);
    const heard: string[] = [];
    const listen = (event: KeyboardEvent): number => heard.push(event.key);
    document.addEventListener('keydown', listen);
    for (const key of ['ArrowDown', ' ', 'd', 'x', 'Enter']) press(find('.grid'), key);
    press(find('input'), 'a');
    document.removeEventListener('keydown', listen);
    expect(heard).toEqual([]);
  });
});

test('columns that are the same in all runs are folded away when there are many', () => {
  const model = new TableModel();
  const wide = runs(3);
  const extra = Array.from({ length: 12 }, (_, i) => columnOf(`params.p${i}`, 'number', [i, i, i]));
  model.take({ table: makeTable([...wide.columns, ...extra]), state: STATE });
  expect(model.columns.map(info => info.title)).toEqual(['Name', 'Status', 'Started', 'Duration', 'C', 'acc', 'loss']);
  model.take({ state: { ...STATE, shown: ['params.p3', 'run_id'], hidden: ['params.C'] } });
  expect(model.columns.map(info => info.title)).toEqual([
    'Name',
    'Status',
    'Started',
    'Duration',
    'Run id',
    'p3',
    'acc',
    'loss',
  ]);
});

test('runs are copied as CSV with all digits, and as the Python call that gives them', () => {
  const table = makeTable([
    columnOf('name', 'string', ['a,"b"', 'c']),
    columnOf('metrics.acc', 'number', [1 / 3, null]),
  ]);
  expect(toCsv(table.columns, [0, 1])).toBe('name,metrics.acc\r\n"a,""b""",0.3333333333333333\r\nc,\r\n');
  const state = { where: "name = 'x'", sort: [{ column: 'params.my key', descending: true }], hidden: [] };
  expect(toPython(state, [])).toBe('tracker.runs(where="name = \'x\'", order_by=["params.`my key` DESC"])');
  expect(toPython(state, ['r1'])).toContain("run_id IN ('r1')");
  expect(toPython({ ...state, where: '', sort: [] }, [], ['iris'])).toBe('tracker.runs("iris")');
  expect(toComparison(state, [], ['iris'])).toBe('tracker.compare(experiment="iris", where="name = \'x\'")');
  expect(toComparison(state, ['r1', 'r2'], ['iris'])).toBe('tracker.compare(["r1", "r2"])');
});
