import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LocalSource, localSource } from '../core/local';
import type { CardData, RunCard } from '../core/types';
import { card } from '../view/card';

const HOSTILE = '<img src=x onerror=alert(1)>';
const RUN: RunCard = {
  id: '00000000000000000000000000abc123',
  name: 'bright-otter-214',
  experiment: 'iris',
  status: 'RUNNING',
  started: 1_700_000_000_000,
  ended: null,
  params: [{ key: 'C', value: '1.5' }],
  metrics: [{ key: 'loss', value: 0.123456, step: 2, points: 3 }],
  tags: [],
  curves: [{ key: 'loss', step: [0, 1, 2], value: [1, 'NaN', 0.123456] }],
  note: '',
  output: 'epoch 1\n',
  traceback: '',
  source: 'C = 1.5',
  artifacts: [],
  notices: [],
};

let source: LocalSource<CardData>;
let root: HTMLElement;
let dispose: () => void;

beforeEach(() => {
  root = document.createElement('div');
  document.body.append(root);
  source = localSource<CardData>({ run: RUN });
  dispose = card(root, source);
});
afterEach(() => {
  dispose();
  root.remove();
});

const shadow = () => root.firstElementChild!.shadowRoot!;
const all = (selector: string) => [...shadow().querySelectorAll<HTMLElement>(selector)];
const one = (selector: string) => all(selector)[0]!;
const update = async (part: Partial<RunCard>) => {
  source.replace({ run: { ...source.get('run'), ...part } });
  await new Promise(requestAnimationFrame);
};

test('shows the run: status, name, parameters, metrics with their curve', () => {
  expect(one('.chip').textContent).toBe('Running');
  expect(one('.name').textContent).toBe('bright-otter-214');
  expect(one('.pairs li').textContent).toBe('C1.5');
  expect(one('.tile .v').textContent).toBe('0.1235');
  expect(one('.tile .step').textContent).toBe('step 2');
  expect(one('.tile svg').getAttribute('aria-label')).toContain('max 1');
});

test('text from a run is text, wherever it comes from', async () => {
  const pair = { key: HOSTILE, value: HOSTILE };
  await update({
    name: HOSTILE,
    experiment: HOSTILE,
    note: HOSTILE,
    output: HOSTILE,
    traceback: HOSTILE,
    source: HOSTILE,
    params: [pair],
    tags: [pair],
    notices: [HOSTILE],
    artifacts: [{ path: HOSTILE, size: 1 }],
    metrics: [{ key: HOSTILE, value: 1, step: 0, points: 1 }],
  });
  for (const fold of all('details')) {
    (fold as HTMLDetailsElement).open = true;
    fold.dispatchEvent(new Event('toggle'));
  }
  expect(all('img')).toHaveLength(0);
  expect(one('.name').textContent).toBe(HOSTILE);
  expect(shadow().textContent!.split(HOSTILE).length - 1).toBeGreaterThanOrEqual(12);
});

test('an update keeps the elements and the folds as they are', async () => {
  const tile = one('.tile');
  const output = one('.output') as HTMLDetailsElement;
  output.open = true;
  output.dispatchEvent(new Event('toggle'));
  await update({ output: 'epoch 1\nepoch 2\n', metrics: [{ key: 'loss', value: 0.1, step: 3, points: 4 }] });
  expect(one('.tile')).toBe(tile);
  expect(one('.tile .v').textContent).toBe('0.1');
  expect((one('.output') as HTMLDetailsElement).open).toBe(true);
  expect(one('.output pre').textContent).toBe('epoch 1\nepoch 2');
});

test('a failure says its error in one line; its traceback stays folded', async () => {
  const traceback = one('.traceback') as HTMLDetailsElement;
  expect(traceback.hidden).toBe(true);
  const text = 'Traceback (most recent call last):\n  File "a.py", line 1\n    f()\nValueError: no\nsecond line\n';
  await update({ status: 'FAILED', traceback: text, ended: 1_700_000_000_500 });
  expect([traceback.hidden, traceback.open]).toEqual([false, false]);
  expect(traceback.querySelector('.gist')!.textContent).toBe('ValueError: no');
  expect(one('.duration').textContent).toBe('500 ms');
});

test('many parameters wait behind a button', async () => {
  await update({ params: Array.from({ length: 30 }, (_, i) => ({ key: `p${i}`, value: String(i) })) });
  expect(all('.pairs > li')).toHaveLength(13);
  const more = one('.more');
  expect(more.textContent).toBe('+18 more');
  more.click();
  expect(all('.pairs > li')).toHaveLength(31);
  expect(more.getAttribute('aria-expanded')).toBe('true');
});

test('saved while it ran, and found again later: it says so, and its time stands still', () => {
  dispose();
  dispose = card(root, source, true);
  expect(one('.chip').textContent).toBe('Was running when saved');
  expect(one('.duration').hidden).toBe(true);
});

test('its id gives the way to the run in full', () => {
  expect(one('.id').textContent).toBe('00abc123');
  expect(one('.id').title).toContain('Copies the call');
  dispose();
  const opened: string[] = [];
  dispose = card(root, source, true, run => opened.push(run));
  one('.id').click();
  expect([one('.id').textContent, ...opened]).toEqual(['Open', RUN.id]);
});

test('disposing leaves nothing', () => {
  dispose();
  expect(root.childElementCount).toBe(0);
});
