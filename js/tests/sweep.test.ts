import { afterEach, beforeEach, expect, test } from 'vitest';
import { localSource } from '../core/local';
import type { SweepData, SweepView } from '../core/sweep';
import type { TrainerData } from '../core/trainer';
import type { Ask } from '../core/types';
import { sweep } from '../view/sweep';
import { trainer } from '../view/trainer';

const HOSTILE = '<img src=x onerror=alert(1)>';
const row = (number: number, status: 'RUNNING' | 'FINISHED' | 'FAILED', value: number | null) => ({
  number,
  run: `run${number}`,
  status,
  values: [HOSTILE],
  value,
  seconds: value === null ? null : 0.25,
  error: status === 'FAILED' ? HOSTILE : '',
});
const SWEEP: SweepView = {
  id: 'x',
  name: HOSTILE,
  experiment: 'e',
  status: 'RUNNING',
  strategy: 'grid',
  backend: 'loky',
  jobs: 2,
  metric: 'score',
  direction: 'maximize',
  total: 5,
  counts: { RUNNING: 1, FINISHED: 2, FAILED: 1, KILLED: 0, SCHEDULED: 0 },
  left: 100,
  best: 1,
  params: ['C'],
  rows: [row(3, 'RUNNING', null), row(1, 'FINISHED', 0.9), row(0, 'FINISHED', 0.5), row(2, 'FAILED', null)],
  values: [
    [0, 0.5],
    [1, 0.9],
  ],
  error: '',
  notices: [],
};

let root: HTMLElement;
let dispose: () => void = () => {};
const inside = (name: string) => root.querySelector(`.trk-${name}`)!.shadowRoot!;

beforeEach(() => {
  root = document.createElement('div');
  document.body.append(root);
});

afterEach(() => {
  dispose();
  root.remove();
});

test('a sweep says how far it is, its best trial stands out, texts are text', () => {
  dispose = sweep(root, localSource<SweepData>({ sweep: SWEEP }));
  const text = inside('sweep').textContent!;
  expect(text).toContain('2 of 5 · 1 running · 1 failed · about 2 min left');
  expect(inside('sweep').querySelector('tr.best')!.textContent).toContain('0.9');
  expect(inside('sweep').querySelectorAll('img').length).toBe(0);
  expect(inside('sweep').querySelectorAll('circle').length).toBe(2);
  expect([...inside('sweep').querySelectorAll('td button')].length).toBe(0);
});

test('the sweep and its running trials can be stopped, and what comes is drawn', async () => {
  const asked: Ask[] = [];
  const source = localSource<SweepData>({ sweep: SWEEP });
  const ask = (question: Ask) => {
    asked.push(question);
    return Promise.resolve({ buffers: [] });
  };
  dispose = sweep(root, { ...source, ask });
  inside('sweep').querySelector<HTMLButtonElement>('td button')!.click();
  inside('sweep').querySelector<HTMLButtonElement>('.bar button')!.click();
  await expect.poll(() => asked).toEqual([{ do: 'stop', trial: 3 }, { do: 'stop' }]);
  source.replace({ sweep: { ...SWEEP, status: 'KILLED', rows: SWEEP.rows.slice(1), left: null } });
  expect(inside('sweep').querySelector<HTMLElement>('.bar button')!.hidden).toBe(true);
  expect(inside('sweep').querySelectorAll('tbody tr').length).toBe(3);
});

const PANEL: TrainerData['panel'] = {
  title: '50 rows',
  estimators: ['SVC', 'LogisticRegression'],
  scorings: ['accuracy', 'f1'],
  estimator: 'LogisticRegression',
  scoring: 'accuracy',
  cv: 5,
  grid: [{ name: 'C', values: '1, 10' }],
  parameters: [{ name: 'C', default: '1.0' }],
  running: false,
  model: '',
  url: '',
  error: '',
  code: HOSTILE,
};

test('the form asks for what it says, a refusal is told', async () => {
  const asked: Ask[] = [];
  const ask = (question: Ask) => {
    asked.push(question);
    return asked.length > 1 ? Promise.reject(new Error('no parameter D')) : Promise.resolve({ buffers: [] });
  };
  dispose = trainer(root, { ...localSource<TrainerData>({ panel: PANEL, sweep: {}, form: {} }), ask });
  const values = inside('trainer').querySelector<HTMLInputElement>('input.values')!;
  values.value = '3';
  values.dispatchEvent(new Event('input'));
  inside('trainer').querySelector<HTMLButtonElement>('button.main')!.click();
  const train = {
    do: 'train',
    estimator: 'LogisticRegression',
    grid: [{ name: 'C', values: '3' }],
    scoring: 'accuracy',
    cv: 5,
  };
  await expect.poll(() => asked).toEqual([train]);
  inside('trainer').querySelector<HTMLButtonElement>('button.main')!.click();
  await expect.poll(() => inside('trainer').querySelector('.said')!.textContent).toBe('no parameter D');
});

test('a saved panel is read only', () => {
  dispose = trainer(root, localSource<TrainerData>({ panel: PANEL, sweep: SWEEP, form: {} }));
  expect(inside('trainer').querySelectorAll('input, select, button:not([hidden]), img').length).toBe(0);
  expect(inside('trainer').querySelector('tr.best')).not.toBeNull();
});
