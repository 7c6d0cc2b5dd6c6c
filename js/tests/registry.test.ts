import { afterEach, beforeEach, expect, test } from 'vitest';
import { localSource } from '../core/local';
import type { Answer, Ask, ModelData, RegistryData, Source } from '../core/types';
import { registry } from '../view/registry';

const HOSTILE = '<img src=x onerror=alert(1)>';
const version = (n: number, stage: string, aliases: string[], accuracy: number) => ({
  version: n,
  stage,
  aliases,
  created: 1_700_000_000_000,
  description: '',
  tags: [],
  run_id: `run${n}`,
  run: HOSTILE,
  source: 'runs:/x/model',
  code: `model = load("models:/iris/${n}")`,
  metrics: [{ key: 'accuracy', value: accuracy }],
});
const IRIS: ModelData = {
  name: 'iris',
  description: HOSTILE,
  tags: [{ key: 'team', value: HOSTILE }],
  updated: 0,
  total: 5,
  versions: [version(2, 'None', [], 0.9), version(1, 'Production', ['champion'], 0.8)],
};

let root: HTMLElement;
let dispose: () => void = () => {};

beforeEach(() => {
  root = document.createElement('div');
  document.body.append(root);
});

afterEach(() => {
  dispose();
  root.remove();
});

const inside = () => root.querySelector('.trk-registry')!.shadowRoot!;

function asking(answer: (question: Ask) => Promise<Answer>): Source<RegistryData> {
  return { ...localSource<RegistryData>({ models: [IRIS] }), ask: answer };
}

test('a saved registry is read only, its texts are text', () => {
  dispose = registry(root, localSource<RegistryData>({ models: [IRIS] }));
  expect(inside().querySelector('img')).toBeNull();
  expect(inside().querySelectorAll('select, .alias-add').length).toBe(0);
  expect(inside().textContent).toContain(HOSTILE);
  expect(inside().textContent).toContain('and 3 earlier versions');
  expect(inside().querySelector('td.best')!.textContent).toBe('0.9');
});

test('promoting asks Python, says so, and can be taken back', async () => {
  const asked: Ask[] = [];
  const undo = { do: 'set', name: 'iris', stages: { 2: 'None' }, aliases: {} } as const;
  const promoted = { ...IRIS, versions: [version(2, 'Production', [], 0.9)] };
  dispose = registry(
    root,
    asking(question => {
      asked.push(question);
      return Promise.resolve({ buffers: [], models: asked.length === 1 ? [promoted] : [IRIS], undo });
    }),
  );
  const button = inside().querySelector<HTMLButtonElement>('.bar button')!;
  expect(button.hidden).toBe(true);
  const select = inside().querySelector('select')!;
  select.value = 'Production';
  select.dispatchEvent(new Event('change'));
  await expect.poll(() => inside().querySelector('.said')!.textContent).toBe('Version 2 is in Production now.');
  expect(asked[0]).toEqual({ do: 'set', name: 'iris', stages: { 2: 'Production' }, aliases: {} });
  expect(button.hidden).toBe(false);
  button.click();
  await expect.poll(() => inside().querySelector('.said')!.textContent).toBe('Taken back.');
  expect(asked[1]).toEqual(undo);
  expect(button.hidden).toBe(true);
});

test('a refusal is told, and what was there stays', async () => {
  dispose = registry(
    root,
    asking(() => Promise.reject(new Error('The alias latest is reserved.'))),
  );
  const add = inside().querySelector<HTMLInputElement>('.alias-add')!;
  add.value = 'latest';
  add.dispatchEvent(new Event('change'));
  await expect.poll(() => inside().querySelector('.said')!.textContent).toBe('The alias latest is reserved.');
  expect(inside().querySelector('.alias')!.textContent).toContain('champion');
});

test('the code that loads a version unfolds', () => {
  dispose = registry(root, localSource<RegistryData>({ models: [IRIS] }));
  expect(inside().querySelector('pre')).toBeNull();
  inside().querySelector<HTMLButtonElement>('tbody button')!.click();
  expect(inside().querySelector('pre')!.textContent).toContain('models:/iris/2');
});
