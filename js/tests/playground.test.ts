import { afterEach, beforeEach, expect, test } from 'vitest';
import { localSource } from '../core/local';
import type { Ask, PlaygroundData } from '../core/types';
import { playground } from '../view/playground';

const HOSTILE = '<img src=x onerror=alert(1)>';
const FORM: PlaygroundData['form'] = {
  title: HOSTILE,
  columns: [
    { name: 'rooms', type: 'long', required: true },
    { name: HOSTILE, type: 'string', required: false },
  ],
  params: [{ name: 'times', type: 'long', default: '1' }],
  rows: [{ rooms: '2', [HOSTILE]: HOSTILE }],
  outputs: ['prediction'],
  predicted: [['3']],
};

let root: HTMLElement;
let dispose: () => void = () => {};
const inside = () => root.querySelector('.trk-playground')!.shadowRoot!;
const button = (text: string) => [...inside().querySelectorAll('button')].find(one => one.textContent === text)!;

beforeEach(() => {
  root = document.createElement('div');
  document.body.append(root);
});

afterEach(() => {
  dispose();
  root.remove();
});

test('a saved playground is read only, its texts are text', () => {
  dispose = playground(root, localSource<PlaygroundData>({ form: FORM }));
  expect(inside().querySelectorAll('img, input, button').length).toBe(0);
  expect(inside().querySelector('td.best')!.textContent).toBe('3');
});

test('rows and parameters are asked as they were typed, and the answer stands beside them', async () => {
  const asked: Ask[] = [];
  const ask = (question: Ask) => {
    asked.push(question);
    const answer = question.do === 'keep' ? { said: 'Kept.' } : { outputs: ['price'], predicted: [['7'], ['8']] };
    return Promise.resolve({ buffers: [], ...answer });
  };
  dispose = playground(root, {
    ...localSource<PlaygroundData>({ form: { ...FORM, outputs: [], predicted: [] } }),
    ask,
  });
  expect(button('Keep').disabled).toBe(true);
  button('+ Row').click();
  const cell = inside().querySelectorAll<HTMLInputElement>('tbody input')[2]!;
  cell.value = '5';
  cell.dispatchEvent(new Event('input'));
  button('Predict').click();
  await expect.poll(() => inside().querySelectorAll('td.best').length).toBe(2);
  const rows = [FORM.rows[0], { ...FORM.rows[0], rooms: '5' }];
  expect(asked).toEqual([{ do: 'predict', rows, params: { times: '1' } }]);
  button('Keep').click();
  await expect.poll(() => inside().querySelector('.said')!.textContent).toBe('Kept.');
});

test('a refusal is told beside the form', async () => {
  const ask = () => Promise.reject(new Error("Row 1 has nothing in the column 'rooms'."));
  dispose = playground(root, { ...localSource<PlaygroundData>({ form: FORM }), ask });
  button('Predict').click();
  await expect.poll(() => inside().querySelector('.said')!.textContent).toContain("'rooms'");
});
