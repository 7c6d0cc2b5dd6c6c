/** The run at a glance: its note, parameters, metrics, tags, and the runs around it. What belongs to a person can be edited. */
import { jsonNumber } from '../core/columns';
import { formatCount, formatNumber, formatTime } from '../core/format';
import { plainText } from '../core/plain';
import type { RunDetail } from '../core/run';
import type { Edit } from '../core/types';
import { h, setText } from './dom';
import { markdown } from './markdown';
import {
  actionButton,
  heading,
  type Pair,
  PairList,
  type RunContext,
  type RunPanel,
  runLink,
  sentence,
} from './run_parts';

export function overviewPanel(context: RunContext): RunPanel {
  const notices = h('ul', { class: 'trk-notices', role: 'status' });
  const error = h('p', { class: 'trk-error', dir: 'auto' });
  const note = notePart(context);
  const params = new PairList('Parameters');
  const metrics = new PairList('Metrics', pair => metricCells(context.run(), pair));
  const tags = tagPart(context);
  const facts = new PairList('About');
  const models = new PairList('Registered models');
  const family = familyPart(context);
  const columns = h('div', { class: 'trk-columns' }, params.node, metrics.node, tags.node, models.node, facts.node);
  return {
    node: h('div', { class: 'trk-panel' }, notices, error, note.node, columns, family.node),
    count: () => '',
    update(run) {
      notices.replaceChildren(...[...run.notices, ...(run.remarks ?? [])].map(text => h('li', {}, text)));
      setText(error, lastLine(run.traceback));
      error.hidden = run.traceback === '';
      note.update(run);
      params.update(run.params, 'No parameters.');
      metrics.update(
        run.metrics.map(({ key, value }) => ({ key, value: String(value) })),
        'No metrics.',
      );
      tags.update(run);
      models.update(
        (run.models ?? []).map(({ name, version, stage, aliases }) => {
          const marks = [stage === 'None' ? '' : stage, ...aliases.map(alias => `@${alias}`)];
          return { key: name, value: [`version ${version}`, ...marks].filter(Boolean).join(' · ') };
        }),
      );
      facts.update(factsOf(run));
      family.update(run);
    },
  };
}

function lastLine(traceback: string): string {
  const lines = plainText(traceback).trimEnd().split('\n');
  const frame = lines.findLastIndex(line => /^\s+File "?/.test(line));
  return lines.slice(frame + 1).find(line => /^\S/.test(line)) ?? lines.at(-1) ?? '';
}

function metricCells(run: RunDetail, pair: Pair): Node[] {
  const metric = run.metrics.find(one => one.key === pair.key);
  const value = jsonNumber(metric?.value ?? null);
  const steps = metric && metric.points > 1 ? `step ${formatCount(metric.step ?? 0)}` : '';
  const text = metric?.value === null ? '–' : formatNumber(value);
  return [
    h('dd', { class: 'trk-number', title: pair.value }, text, steps && h('span', { class: 'trk-dim' }, ` ${steps}`)),
  ];
}

function factsOf(run: RunDetail): Pair[] {
  const system = new Map(run.system.map(({ key, value }) => [key, value]));
  const named = (key: string, tag: string) => ({ key, value: system.get(tag) ?? '' });
  return [
    { key: 'run id', value: run.id },
    { key: 'started', value: formatTime(run.started) },
    { key: 'ended', value: run.ended === null ? '' : formatTime(run.ended) },
    { key: 'user', value: run.user },
    named('source', 'mlflow.source.name'),
    named('git commit', 'mlflow.source.git.commit'),
    named('git branch', 'mlflow.source.git.branch'),
    { key: 'made by', value: run.slice },
    named('rerun', 'tracker.rerun'),
  ].filter(pair => pair.value !== '');
}

function familyPart(context: RunContext): { node: HTMLElement; update(run: RunDetail): void } {
  const parent = h('ul', { class: 'trk-runs' });
  const children = h('ul', { class: 'trk-runs' });
  const more = h('p', { class: 'trk-dim' });
  const above = h('section', {}, heading('Parent run'), parent);
  const below = h('section', {}, heading('Nested runs'), children, more);
  return {
    node: h('div', { class: 'trk-columns' }, above, below),
    update(run) {
      above.hidden = run.parent === null;
      below.hidden = run.children.length === 0;
      parent.replaceChildren(...(run.parent ? [runLink(context, run.parent)] : []));
      children.replaceChildren(...run.children.map(child => runLink(context, child)));
      const rest = run.nested - run.children.length;
      setText(more, rest > 0 ? `and ${formatCount(rest)} more` : '');
    },
  };
}

// -- what a person edits

/** Sends the change, and shows the run as it is then. */
export async function edit(context: RunContext, change: Omit<Edit, 'runs'>, said: string): Promise<void> {
  if (!context.ask) return;
  context.tell('Waiting for the kernel …');
  try {
    const answer = await context.ask({ do: 'edit', edits: [{ ...change, runs: [context.run().id] }] });
    context.tell(answer.notices?.[0] ?? said);
    context.refresh();
  } catch (error) {
    context.tell(sentence(error));
  }
}

function notePart(context: RunContext): { node: HTMLElement; update(run: RunDetail): void } {
  const shown = h('div', { class: 'trk-note' });
  const change = actionButton('Edit note', () => begin());
  const area = h('textarea', { rows: 6, class: 'trk-area', dir: 'auto', 'aria-label': 'Note (Markdown)' });
  const keep = actionButton('Keep', () => {
    void edit(context, { note: area.value }, 'Kept the note.');
    finish();
  });
  const form = h(
    'div',
    { class: 'trk-form', hidden: true },
    area,
    keep,
    actionButton('Cancel', () => finish()),
  );
  let seen: string | null = null;
  const begin = () => {
    area.value = context.run().note;
    form.hidden = false;
    shown.hidden = true;
    change.hidden = true;
    area.focus();
  };
  const finish = () => {
    form.hidden = true;
    shown.hidden = false;
    change.hidden = false;
    change.focus();
  };
  area.addEventListener('keydown', event => {
    if (event.key === 'Escape') finish();
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) keep.click();
  });
  return {
    node: h('section', { class: 'trk-notes' }, shown, form, context.still ? null : change),
    update(run) {
      setText(change, run.note ? 'Edit note' : 'Add a note');
      if (run.note === seen) return;
      seen = run.note;
      shown.replaceChildren(...(run.note ? [markdown(run.note)] : []));
    },
  };
}

function tagPart(context: RunContext): { node: HTMLElement; update(run: RunDetail): void } {
  const list = new PairList('Tags', pair => {
    const value = h('dd', { dir: 'auto', title: pair.value }, pair.value);
    if (context.still) return [value];
    const drop = actionButton('×', () => void edit(context, { tags: { [pair.key]: null } }, `Removed ${pair.key}.`));
    drop.setAttribute('aria-label', `Remove the tag ${pair.key}`);
    drop.classList.add('trk-drop');
    value.append(drop);
    return [value];
  });
  const key = h('input', { class: 'trk-find', placeholder: 'tag', 'aria-label': 'Key of a new tag', dir: 'auto' });
  const value = h('input', { class: 'trk-find', placeholder: 'value', 'aria-label': 'Its value', dir: 'auto' });
  const form = h('form', { class: 'trk-form' }, key, value, h('button', { type: 'submit', class: 'trk-act' }, 'Add'));
  form.addEventListener('submit', event => {
    event.preventDefault();
    const name = key.value.trim();
    if (!name) return;
    void edit(context, { tags: { [name]: value.value } }, `Set ${name}.`);
    key.value = '';
    value.value = '';
  });
  if (!context.still) list.node.append(form);
  return { node: list.node, update: run => list.update(run.tags, context.still ? '' : 'No tags.') };
}
