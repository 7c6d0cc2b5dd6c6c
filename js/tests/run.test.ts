import { afterEach, expect, test } from 'vitest';
import { type LocalSource, localSource } from '../core/local';
import type { RunData, RunDetail } from '../core/run';
import type { Answer, Ask, Source } from '../core/types';
import { type RunOptions, runView } from '../view/run';

const RUN: RunDetail = {
  id: '00000000000000000000000000abc123',
  name: 'bright-otter',
  experiment: 'iris',
  status: 'FINISHED',
  started: 1_700_000_000_000,
  ended: 1_700_000_005_000,
  params: [{ key: 'C', value: '1.5' }],
  metrics: [
    { key: 'loss', value: 0.5, step: 9, points: 10 },
    { key: 'broken', value: 'NaN', step: 0, points: 1 },
  ],
  tags: [],
  curves: [],
  note: '',
  output: '',
  traceback: '',
  source: '',
  artifacts: [],
  notices: [],
  slice: '',
  system: [],
  user: 'ada',
  star: false,
  deleted: false,
  parent: null,
  children: [],
  nested: 0,
  cells: [],
  environment: {},
  datasets: [],
};

let dispose = () => {};
afterEach(() => dispose());

const tick = () => new Promise(done => setTimeout(done));
const root = document.createElement('div');
document.body.append(root);
const all = (selector: string) => [...root.querySelectorAll<HTMLElement>(selector)];
const text = () => root.querySelector('.trk-detail')!.textContent ?? '';
const open = (title: string) =>
  all('[role="tab"]')
    .find(tab => tab.textContent!.startsWith(title))!
    .click();

function show(
  run: RunDetail | null,
  answer?: (question: Ask) => Promise<Partial<Answer>>,
  options: RunOptions = {},
): LocalSource<RunData> {
  const held = localSource<RunData>({ id: RUN.id, run });
  const ask = answer && (async (question: Ask) => ({ buffers: [], ...(await answer(question)) }));
  dispose = runView(root, (ask ? { ...held, ask } : held) as Source<RunData>, options);
  return held;
}

test('an empty run says so in each part', () => {
  show({ ...RUN, params: [], metrics: [] });
  expect(text()).toContain('No parameters.');
  for (const [title, said] of [
    ['Metrics', 'This run logged no metrics.'],
    ['Code', 'No source was kept'],
    ['Output', 'It printed nothing.'],
    ['Files', 'run the cell again'],
  ] as const) {
    open(title);
    expect(text()).toContain(said);
  }
});

test('saved, it offers nothing that needs Python', () => {
  show(RUN);
  const labels = all('button:not([role])').map(button => button.textContent);
  expect(labels).not.toContain('Rename');
  expect(labels).not.toContain('Edit note');
  expect(all('form')).toHaveLength(0);
});

test('a run that is not known yet is asked for', async () => {
  show(null, async question => {
    expect(question).toEqual({ do: 'detail', run: RUN.id });
    return { run: RUN };
  });
  await tick();
  expect(all('h2')[0]!.textContent).toBe('bright-otter');
});

test('what cannot be answered is said', async () => {
  show(null, () => Promise.reject(new Error('No run here.')));
  await tick();
  expect(text()).toContain('No run here.');
});

test('an edit is sent, and the run read anew', async () => {
  const asked: Ask[] = [];
  show(RUN, async question => {
    asked.push(question);
    return question.do === 'detail' ? { run: { ...RUN, star: true } } : {};
  });
  all('.trk-star')[0]!.click();
  await tick();
  await tick();
  expect(asked).toEqual([
    { do: 'edit', edits: [{ runs: [RUN.id], star: true }] },
    { do: 'detail', run: RUN.id },
  ]);
  expect(all('.trk-star')[0]!.textContent).toBe('★');
});

test('curves are asked for when they are looked at', async () => {
  const asked: Ask[] = [];
  show(RUN, async question => {
    asked.push(question);
    return {};
  });
  await tick();
  expect(asked).toEqual([]);
  open('Metrics');
  await tick();
  expect(asked).toEqual([{ do: 'history', run: RUN.id, keys: ['loss'], points: 800 }]);
  expect(text()).toContain('NaN');
});

test('the tree asks folder by folder, and the preview says why there is none', async () => {
  const asked: string[] = [];
  show(RUN, async question => {
    if (question.do === 'files') {
      asked.push(question.path);
      const name = question.path ? 'inner.bin' : 'folder';
      const path = question.path ? 'folder/inner.bin' : 'folder';
      return { files: [{ name, path, folder: question.path === '', size: 3 }], total: 4 };
    }
    if (question.do === 'preview')
      return { preview: { kind: 'none', path: question.path, size: 3, said: 'Not text.' } };
    return {};
  });
  open('Files');
  await tick();
  expect(text()).toContain('and 3 more');
  const [folder] = all('[role="treeitem"]');
  folder!.querySelector<HTMLElement>('.trk-line')!.click();
  await tick();
  expect(asked).toEqual(['', 'folder']);
  all('[data-path="folder/inner.bin"] > .trk-line')[0]!.click();
  await tick();
  await tick();
  expect(all('.trk-preview')[0]!.textContent).toContain('Not text.');
});

test('disposing leaves nothing', () => {
  show(RUN);
  dispose();
  expect(root.childElementCount).toBe(0);
});
