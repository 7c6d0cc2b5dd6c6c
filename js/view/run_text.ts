/** What a run wrote and was made by: output and traceback, the cells of its slice, its environment, its data. */
import { formatCount, plural } from '../core/format';
import { plainText } from '../core/plain';
import type { RunDataset, RunDetail } from '../core/run';
import { h } from './dom';
import { actionButton, codeBlock, copyButton, heading, PairList, type RunContext, type RunPanel } from './run_parts';

export function outputPanel(context: RunContext): RunPanel {
  const node = h('div', { class: 'trk-panel' });
  let seen = '';
  return {
    node,
    count: run => (run.traceback ? '!' : ''),
    update(run) {
      const state = `${run.id} ${run.output.length} ${run.traceback.length} ${run.output.slice(-200)}`;
      if (state === seen) return;
      seen = state;
      const parts = [
        ...textPart(context, 'Traceback', run.traceback, 'output/traceback.txt'),
        ...textPart(context, 'Output', run.output, 'output/output.txt'),
      ];
      node.replaceChildren(...(parts.length > 0 ? parts : [h('p', { class: 'trk-none' }, 'It printed nothing.')]));
    },
  };
}

function textPart(context: RunContext, title: string, text: string, file: string): HTMLElement[] {
  if (!text) return [];
  const plain = plainText(text).replace(/\n$/, '');
  const copy = copyButton(context, 'Copy', () => plain, 'the text');
  const whole = context.ask ? actionButton('File', () => context.openFile(file), `Show ${file}`) : null;
  return [heading(title, copy, whole), codeBlock(plain, title, true)];
}

export function codePanel(context: RunContext): RunPanel {
  const node = h('div', { class: 'trk-panel' });
  let seen = '';
  return {
    node,
    count: run => (run.cells.length > 1 ? formatCount(run.cells.length) : ''),
    update(run) {
      const state = `${run.id} ${run.cells.length} ${run.source.length}`;
      if (state === seen) return;
      seen = state;
      node.replaceChildren(...codeParts(context, run));
    },
  };
}

function codeParts(context: RunContext, run: RunDetail): HTMLElement[] {
  const cells = run.cells.length > 0 ? run.cells : run.source ? [{ count: 0, source: run.source, error: null }] : [];
  if (cells.length === 0) return [h('p', { class: 'trk-none' }, 'No source was kept with this run.')];
  const all = cells.map(cell => cell.source).join('\n\n');
  const title = run.slice ? `Made by ${run.slice}` : 'Source';
  const rerun = copyButton(context, 'Copy %rerun', () => `%rerun ${run.id}`, 'the command');
  const insert = copyButton(context, 'Copy slice()', () => `tracker.slice("${run.id}").insert()`, 'the Python call');
  const copy = copyButton(context, 'Copy', () => all, 'the cells');
  const blocks = cells.map(cell => {
    const mark = h('span', { class: 'trk-count' }, cell.count ? `[${cell.count}]` : '');
    const raised = cell.error ? h('p', { class: 'trk-error' }, cell.error) : null;
    return h('div', { class: 'trk-cell' }, mark, h('div', {}, codeBlock(cell.source, `Cell ${cell.count}`), raised));
  });
  return [heading(title, copy, insert, rerun), ...blocks];
}

export function dataPanel(): RunPanel {
  const data = h('section', {});
  const environment = h('div', { class: 'trk-columns' });
  const system = new PairList('System tags');
  let seen = '';
  return {
    node: h('div', { class: 'trk-panel' }, data, environment, system.node),
    count: run => (run.datasets.length > 0 ? formatCount(run.datasets.length) : ''),
    update(run) {
      system.update(run.system);
      const state = `${run.id} ${run.datasets.length} ${Object.keys(run.environment).length}`;
      if (state === seen) return;
      seen = state;
      data.replaceChildren(heading('Datasets'), ...run.datasets.map(datasetPart));
      data.hidden = run.datasets.length === 0;
      environment.replaceChildren(...groupsOf(run.environment).map(groupPart));
    },
  };
}

function datasetPart(one: RunDataset): HTMLElement {
  const shape = one.shape.map(formatCount).join(' × ');
  const count = one.columns.length > 0 ? plural(one.columns.length, 'column') : '';
  const partly = one.coverage === 'full' ? '' : `digest of ${one.coverage} content`;
  const facts = [one.context, shape || count, one.source, partly].filter(Boolean).join(' · ');
  const digest = h('code', { title: one.digest }, one.digest.slice(0, 12));
  const summary = h(
    'summary',
    {},
    h('b', { dir: 'auto' }, one.name),
    ' ',
    digest,
    h('span', { class: 'trk-dim' }, facts),
  );
  if (one.columns.length === 0) return h('div', { class: 'trk-dataset' }, ...summary.childNodes);
  const details = h('details', { class: 'trk-dataset' }, summary);
  details.addEventListener('toggle', () => {
    if (!details.open || details.children.length > 1) return;
    const rows = one.columns.map(({ name, type }) => h('div', {}, h('dt', { dir: 'auto' }, name), h('dd', {}, type)));
    details.append(h('dl', {}, ...rows));
  });
  return details;
}

/** The environment's parts: single facts first, then each group of its own. */
function groupsOf(environment: RunDetail['environment']): [title: string, pairs: { key: string; value: string }[]][] {
  const single: { key: string; value: string }[] = [];
  const groups: [string, { key: string; value: string }[]][] = [];
  for (const [key, value] of Object.entries(environment)) {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      const pairs = Object.entries(value).map(([name, item]) => ({ key: name, value: told(item) }));
      if (pairs.length > 0) groups.push([key, pairs]);
    } else single.push({ key, value: told(value) });
  }
  return single.length > 0 ? [['environment', single], ...groups] : groups;
}

function told(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function groupPart([title, pairs]: [string, { key: string; value: string }[]]): HTMLElement {
  const list = new PairList(title.charAt(0).toUpperCase() + title.slice(1));
  list.update(pairs);
  return list.node;
}
