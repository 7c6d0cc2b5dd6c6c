import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { curvesFromJson, tableFromJson } from '../core/columns';
import { type LocalSource, localSource } from '../core/local';
import type { Answer, CompareData } from '../core/types';
import { compare } from '../view/compare';
import { tellPointed } from '../view/pointed';

const HOSTILE = '<img src=x onerror=alert(1)>';
const data = (): CompareData => ({
  title: 'iris',
  total: 3,
  runs: tableFromJson([
    { name: 'run_id', kind: 'string', values: ['a', 'b', 'c'] },
    { name: 'name', kind: 'string', values: ['one', HOSTILE, 'three'] },
    { name: 'params.C', kind: 'number', values: [1, 10, 1] },
    { name: 'params.seed', kind: 'number', values: [7, 7, 7] },
    { name: 'metrics.accuracy', kind: 'number', values: [0.9, 0.95, 0.8] },
  ]),
  curves: [],
  state: { x: 'step', smoothing: 0, log: false, differing: true, scatter: { x: '', y: '', color: '' } },
});

let source: LocalSource<CompareData>;
let root: HTMLElement;
let dispose: () => void;
const loaded = vi.fn(() => Promise.reject(new Error('no network')));

beforeEach(() => {
  loaded.mockClear();
  root = document.createElement('div');
  document.body.append(root);
  source = localSource(data());
  dispose = compare(root, source, loaded);
});
afterEach(() => {
  dispose();
  root.remove();
});

const all = (selector: string) => [...root.querySelectorAll<HTMLElement>(selector)];
const texts = (selector: string) => all(selector).map(element => element.textContent);
const open = (title: string) =>
  all('[role=tab]')
    .find(tab => tab.getAttribute('aria-label') === title)!
    .click();

/** The panel that Python answers so: what looks into it, and what ends it. */
function differencesOf(found: object) {
  const asked = { ...source, ask: () => Promise.resolve(found as unknown as Answer) };
  const place = document.createElement('div');
  root.append(place);
  const end = compare(place, asked, loaded);
  const inside = (selector: string) => [...place.querySelectorAll<HTMLElement>(selector)];
  inside('[aria-label=Differences]')[0]!.click();
  return [inside, end] as const;
}

test('metrics without a history are drawn with no plotting library, best first', () => {
  expect(texts('.trk-dots-name')).toEqual([HOSTILE, 'one', 'three']);
  expect(texts('.trk-best .trk-dots-value')).toEqual(['0.95']);
  open('Parallel coordinates');
  open('Table');
  expect(loaded).not.toHaveBeenCalled();
});

test('names are text in every view', () => {
  for (const title of ['Metrics', 'Parallel coordinates', 'Table']) {
    open(title);
    expect(all('img')).toHaveLength(0);
  }
  expect(texts('thead th')).toEqual(['', 'one', HOSTILE, 'three']);
});

test('the table shows what differs; the switch shows the rest, and is remembered', () => {
  open('Table');
  expect(texts('tbody th[scope=row]')).toEqual(['C', 'accuracy']);
  const box = all('.trk-bar input')[0] as HTMLInputElement;
  box.click();
  expect(texts('tbody th[scope=row]')).toEqual(['C', 'seed', 'accuracy']);
  expect(all('.trk-differs')).toHaveLength(2);
  expect(source.get('state').differing).toBe(false);
});

test('the legend hides a run everywhere; with Shift it shows one alone', () => {
  const [first, second] = all('.trk-run');
  second!.click();
  expect(second!.getAttribute('aria-pressed')).toBe('false');
  expect(texts('.trk-dots-name')).toEqual(['one', 'three']);
  first!.dispatchEvent(new MouseEvent('click', { shiftKey: true }));
  expect(texts('.trk-dots-name')).toEqual(['one']);
  first!.dispatchEvent(new MouseEvent('click', { shiftKey: true }));
  expect(texts('.trk-dots-name')).toHaveLength(3);
});

test('one line a run, one axis for each column that differs', () => {
  open('Parallel coordinates');
  expect(all('.trk-run-line')).toHaveLength(3);
  expect(texts('.trk-axis-name')).toEqual(['CC', 'accuracyaccuracy']);
});

test('a plotting library that cannot be had says so in the place of the chart', async () => {
  open('Scatter');
  await vi.waitFor(() => expect(texts('.trk-empty').join()).toContain('no network'));
  expect((all('.trk-select')[0] as HTMLSelectElement).value).toBe('params.C');
});

test('arrow keys move between the views', () => {
  const tabs = all('[role=tab]');
  tabs[0]!.focus();
  tabs[0]!.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true }));
  expect(tabs.map(tab => tab.getAttribute('aria-selected'))).toEqual([...Array(9).fill('false'), 'true']);
});

test('runs that changed come with their curves; a run keeps its colour while others come and go', async () => {
  const before = all('.trk-run').map(run => run.style.getPropertyValue('--run'));
  const changes = tableFromJson([
    { name: 'run_id', kind: 'string', values: ['c', 'd'] },
    { name: 'name', kind: 'string', values: ['three', 'four'] },
    { name: 'metrics.accuracy', kind: 'number', values: [0.99, 0.5] },
  ]);
  const fresh = curvesFromJson([{ run: 'd', key: 'loss', step: [0, 1], value: [2, 1] }]);
  source.replace({ changes, fresh, gone: ['a'] });
  await new Promise(requestAnimationFrame);
  expect(texts('.trk-run')).toEqual([HOSTILE, 'three', 'four']);
  const after = all('.trk-run').map(run => run.style.getPropertyValue('--run'));
  expect(after.slice(0, 2)).toEqual(before.slice(1, 3));
  expect(new Set([...before, ...after]).size).toBe(4);
  expect(texts('.trk-figure figcaption > span:first-child')).toEqual(['loss']);
});

test('differences of settings and results need nobody; the newest pair is looked at first', () => {
  open('Differences');
  expect(texts('.trk-changes tbody th')).toEqual(['C', 'accuracy']);
  expect(texts('.trk-changes:first-of-type thead span').slice(0, 2)).toEqual([HOSTILE, 'one']);
  all('[aria-label="Swap the runs"]')[0]!.click();
  expect(texts('.trk-changes thead span').slice(0, 2)).toEqual(['one', HOSTILE]);
  expect(root.querySelector('img')).toBeNull();
});

test('of long values what differs is shown', async () => {
  const same = 'a word '.repeat(100);
  const params = [{ name: 'n'.repeat(200), a: `${same}one`, b: `${same}two` }];
  const found = { params, metrics: [], environment: [], data: [], cells: [], cut: false };
  const [inside, end] = differencesOf(found);
  await vi.waitFor(() => expect(inside('.trk-changes tbody th')).toHaveLength(1));
  expect(inside('.trk-changes tbody td').map(cell => cell.textContent!.slice(-9))).toEqual([
    ' word one',
    ' word two',
    '',
  ]);
  expect(inside('.trk-changes tbody th')[0]!.textContent).toHaveLength(81);
  end();
});

test('cells that moved are told at both places, far lines are folded, modules are counted apart', async () => {
  const far = Array.from({ length: 30 }, (_, i) => `line ${i}`).join('\n');
  const [only, both] = [
    { same: false, module: false, moved: '' as const },
    { a: true, b: true },
  ];
  const cells = [
    { ...only, a: false, b: true, moved: 'up', said: 'moved up', marks: [['added', 'plot()']] },
    {
      ...only,
      ...both,
      said: '',
      marks: [
        ['same', `${far}\nx = `],
        ['removed', '1'],
        ['added', '2'],
      ],
    },
    { ...only, a: true, b: false, moved: 'up', said: 'moved up', marks: [['removed', 'plot()']] },
    {
      ...only,
      ...both,
      module: true,
      said: HOSTILE,
      marks: [
        ['same', 'y = '],
        ['removed', '1'],
        ['added', '2'],
      ],
    },
  ];
  const found = { params: [], metrics: [], environment: [], data: [], cells, cut: false };
  const [inside, end] = differencesOf(found);
  await vi.waitFor(() => expect(inside('.trk-code h4')).toHaveLength(1));
  expect(inside('.trk-code h4')[0]!.textContent).toBe('Code: 2 of 2 cells changed, 1 module');
  expect(inside('.trk-absent').map(part => part.textContent)).toEqual(['stood below', 'stands above']);
  expect(inside('.trk-said').map(part => part.textContent)).toEqual(['moved up', HOSTILE]);
  expect(inside('.trk-fold').map(part => part.textContent)).toEqual(Array(2).fill('⋯ 27 lines the same'));
  expect(inside('.trk-cells pre')[2]!.textContent).toBe('⋯ 27 lines the same\nline 27\nline 28\nline 29\nx = 1');
  end();
});

test('a run that is pointed at in another view of the page stands out', () => {
  tellPointed({}, 'b');
  expect(texts('.trk-run.trk-lit')).toEqual([HOSTILE]);
  tellPointed({}, 'nobody');
  expect(texts('.trk-run.trk-lit')).toEqual([]);
});

test('new runs appear in place', async () => {
  const curves = curvesFromJson([{ run: 'z', key: 'loss', step: [0, 1], value: [2, 1] }]);
  source.replace({ runs: tableFromJson([{ name: 'run_id', kind: 'string', values: ['z'] }]), curves });
  await new Promise(requestAnimationFrame);
  expect(texts('.trk-run')).toEqual(['z']);
  expect(texts('.trk-figure figcaption > span:first-child')).toEqual(['loss']);
});
