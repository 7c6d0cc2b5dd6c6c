/** The panel of two runs beside each other: settings, results, data and environment that differ, code cell by cell. */

import type { CellDifference, Difference, Differences, Mark } from '../core/differing';
import { differs, shortName, valueText } from '../core/figures';
import { plural } from '../core/format';
import type { Context, Panel, ShownRun } from './compare_model';
import { field, fillSelect, select } from './controls';
import { h } from './dom';
import { button, copyText } from './table_dom';
import { patiently, WAITING } from './waiting';

const NOBODY = 'Code, data and environment are compared by Python: run the comparison’s cell again to see them.';
const MOST_CHARACTERS = 240;
const NAME_CHARACTERS = 80;
/** How much of what did not change is shown beside a change. */
const [NEAR_LINES, NEAR_CHARACTERS, BEGINNING] = [4, 160, 40];
const FAMILIES = [
  ['params', 'Parameters'],
  ['metrics', 'Metrics'],
  ['data', 'Data'],
  ['environment', 'Environment'],
] as const;

export function differencesPanel(context: Context): Panel {
  const known = new Map<string, Promise<Differences | string>>();
  let turn = 0;
  const choose = (name: 'a' | 'b') =>
    select([], '', value => context.change({ chosen: { ...context.state().chosen, [`Differences.${name}`]: value } }));
  const [first, second] = [choose('a'), choose('b')];
  const swap = button('⇄', { class: 'trk-tool', title: 'Swap the runs', 'aria-label': 'Swap the runs' }, () => {
    const [a, b] = chosen(context);
    const turned = { 'Differences.a': b?.id ?? '', 'Differences.b': a?.id ?? '' };
    context.change({ chosen: { ...context.state().chosen, ...turned } });
  });
  const python = button('Python', { class: 'trk-tool', title: 'Copy as Python' }, async () => {
    const ids = chosen(context).map(run => JSON.stringify(run?.id ?? ''));
    const copied = await copyText(`tracker.diff(${ids.join(', ')})`, bar);
    context.tell(copied ? 'Copied the Python call.' : 'This page may not use the clipboard.');
  });
  const tools = h('span', { class: 'trk-tools' }, python);
  const bar = h('div', { class: 'trk-bar' }, field('From', first), swap, field('To', second), tools);
  const body = h('div', { class: 'trk-diff', tabindex: 0, role: 'region', 'aria-label': 'Differences' });
  const asked = (a: string, b: string) => {
    const key = `${a} ${b}`;
    const answer =
      known.get(key) ??
      context.ask!({ do: 'diff', a, b })
        .then(found => found as unknown as Differences)
        .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
    known.set(key, answer);
    return answer;
  };
  return {
    node: h('div', {}, bar, body),
    draw() {
      const runs = context.visible();
      const [a, b] = chosen(context);
      const options = runs.map(run => [run.id, run.label] as const);
      fillSelect(first, options, a?.id ?? '');
      fillSelect(second, options, b?.id ?? '');
      bar.hidden = runs.length < 2;
      if (!a || !b) {
        body.replaceChildren(
          h('p', { class: 'trk-empty' }, 'Differences need two different runs that are not hidden.'),
        );
        return;
      }
      const now = ++turn;
      if (!context.ask) {
        body.replaceChildren(...sections(ownDifferences(context, a, b), a, b), said(NOBODY));
        return;
      }
      body.setAttribute('aria-busy', 'true');
      const waits = () => {
        if (now === turn) body.replaceChildren(...sections(ownDifferences(context, a, b), a, b), said(WAITING));
      };
      void patiently(asked(a.id, b.id), waits).then(found => {
        if (now !== turn) return;
        body.removeAttribute('aria-busy');
        if (typeof found !== 'string') body.replaceChildren(...sections(found, a, b));
        else body.replaceChildren(...sections(ownDifferences(context, a, b), a, b), said(found));
      });
    },
  };
}

/** The two runs that were chosen; else the two latest that are seen, the older one first. */
function chosen(context: Context): readonly [ShownRun | undefined, ShownRun | undefined] {
  const runs = context.visible();
  const kept = context.state().chosen;
  const find = (name: string) => runs.find(run => run.id === kept?.[`Differences.${name}`]);
  const b = find('b') ?? runs.find(run => run !== find('a'));
  const a = find('a') ?? runs.find(run => run !== b);
  return a === b ? [undefined, undefined] : [a, b];
}

/** What the comparison's own table says: parameters and metrics. */
function ownDifferences(context: Context, a: ShownRun, b: ShownRun): Differences {
  const found = (prefix: string): Difference[] =>
    context.table().columns.flatMap(column => {
      if (!column.name.startsWith(prefix) || !differs(column, [a.row, b.row])) return [];
      const [from, to] = [a, b].map(run => valueText(column, run.row));
      return [{ name: shortName(column.name), a: from!, b: to! }];
    });
  return { params: found('params.'), metrics: found('metrics.'), environment: [], data: [], cells: [], cut: false };
}

function sections(found: Differences, a: ShownRun, b: ShownRun): HTMLElement[] {
  const tables = FAMILIES.flatMap(([family, title]) =>
    found[family].length > 0 ? [changes(title, found[family], a, b)] : [],
  );
  const code = found.cells.length > 0 ? [codeSection(found.cells)] : [];
  if (tables.length + code.length === 0) return [h('p', { class: 'trk-empty' }, 'These two runs differ in nothing.')];
  const cut = found.cut ? [said('There are more differences than are shown here: tracker.diff gives all.')] : [];
  return [...tables, ...code, ...cut];
}

function said(text: string): HTMLElement {
  return h('p', { class: 'trk-empty' }, text);
}

function changes(title: string, lines: readonly Difference[], a: ShownRun, b: ShownRun): HTMLElement {
  const heads = [a, b].map(run => {
    const swatch = h('i', { class: 'trk-swatch' });
    swatch.style.background = run.style.color;
    return h('th', { scope: 'col' }, h('div', {}, swatch, h('span', { dir: 'auto' }, run.label)));
  });
  const cell = (value: string | null, start: number) =>
    h('td', { dir: 'auto', class: value === null ? 'trk-dim' : null, title: value }, excerpt(value ?? '—', start));
  const rows = lines.map(line => {
    const start = Math.min(line.a?.length ?? 0, line.b?.length ?? 0) > MOST_CHARACTERS ? common(line) : 0;
    return h(
      'tr',
      {},
      h('th', { scope: 'row', dir: 'auto', title: line.name }, excerpt(line.name, 0, NAME_CHARACTERS)),
      cell(line.a, start),
      cell(line.b, start),
      h('td', { class: 'trk-dim', dir: 'auto' }, line.said ?? delta(line)),
    );
  });
  const head = h('tr', {}, h('th', { scope: 'col' }, title), ...heads, h('td', {}));
  return h('table', { class: 'trk-table trk-changes' }, h('thead', {}, head), h('tbody', {}, ...rows));
}

/** So much of a text: from the beginning if `start` is in it, else from a little before it. */
function excerpt(text: string, start: number, most = MOST_CHARACTERS): string {
  const first = start > (most * 3) / 4 ? start - most / 4 : 0;
  const rest = text.slice(first, first + most);
  return `${first ? '…' : ''}${rest}${first + most < text.length ? '…' : ''}`;
}

/** How many characters both values begin with. */
function common({ a, b }: Difference): number {
  let at = 0;
  while (at < (a?.length ?? 0) && a?.[at] === b?.[at]) at++;
  return at;
}

/** By how much a number grew. */
function delta({ a, b }: Difference): string {
  const [from, to] = [Number(a?.trim() || Number.NaN), Number(b?.trim() || Number.NaN)];
  const by = to - from;
  return Number.isFinite(by) ? `${by > 0 ? '+' : '−'}${Number(Math.abs(by).toPrecision(4))}` : '';
}

function codeSection(cells: readonly CellDifference[]): HTMLElement {
  const title = codeTitle(cells.filter(cell => !movedAway(cell)));
  const parts: HTMLElement[] = [];
  let same: CellDifference[] = [];
  const fold = () => {
    if (same.length > 0) {
      const body = same.map(cell => h('pre', { dir: 'ltr' }, textOf(cell.marks, 'same')));
      parts.push(h('details', {}, h('summary', {}, `${plural(same.length, 'cell')} the same`), ...body));
    }
    same = [];
  };
  for (const cell of cells) {
    if (cell.same) {
      same.push(cell);
      continue;
    }
    fold();
    if (cell.said && !movedAway(cell)) parts.push(h('div', { class: 'trk-said', dir: 'auto' }, cell.said));
    parts.push(h('div', { class: 'trk-cells' }, side(cell, 'removed'), side(cell, 'added')));
  }
  fold();
  return h('section', { class: 'trk-code' }, h('h4', {}, title), ...parts);
}

/** What moved is told where it is now. */
function movedAway(cell: CellDifference): boolean {
  return Boolean(cell.moved) && !cell.b;
}

function codeTitle(shown: readonly CellDifference[]): string {
  const modules = shown.filter(cell => cell.module).length;
  const changed = shown.filter(cell => !cell.same).length - modules;
  const words = changed > 0 ? [`${changed} of ${plural(shown.length - modules, 'cell')} changed`] : [];
  if (modules > 0) words.push(plural(modules, 'module'));
  return `Code: ${words.join(', ') || 'the same'}`;
}

function textOf(marks: CellDifference['marks'], kind: Mark): string {
  return marks.flatMap(([mark, text]) => (mark === kind ? [text] : [])).join('');
}

/** One run's half of a cell: what is in both, and what is in it alone. */
function side(cell: CellDifference, own: 'added' | 'removed'): HTMLElement {
  if (!(own === 'removed' ? cell.a : cell.b)) {
    return h('pre', { class: 'trk-absent', dir: 'ltr' }, absence(cell, own));
  }
  const last = cell.marks.length - 1;
  const pieces = cell.marks.flatMap(([mark, text], place): Node[] => {
    if (mark === 'same') return withoutMiddle(text, place === 0, place === last);
    return mark === own ? [h(own === 'added' ? 'ins' : 'del', {}, text)] : [];
  });
  return h('pre', { dir: 'ltr' }, ...pieces);
}

/** Why a half of a cell is not there. A cell that moved down stands below what was its place in the first run. */
function absence({ moved }: CellDifference, own: 'added' | 'removed'): string {
  if (!moved) return own === 'removed' ? 'not there before' : 'no longer there';
  const below = (own === 'added') === (moved === 'down');
  return `${own === 'removed' ? 'stood' : 'stands'} ${below ? 'below' : 'above'}`;
}

/** Text that both runs have, with what is far from a change left out. */
function withoutMiddle(text: string, first: boolean, last: boolean): Node[] {
  const lines = text.split('\n');
  const [head, tail] = [first ? 0 : NEAR_LINES, last ? 0 : NEAR_LINES];
  const out = lines.length - head - tail;
  if (first && last) return [document.createTextNode(text)];
  if (out > NEAR_LINES) {
    const left = h('span', { class: 'trk-fold' }, `⋯ ${plural(out, 'line')} the same`);
    const [before, after] = [lines.slice(0, head).join('\n'), lines.slice(lines.length - tail).join('\n')];
    return [
      ...(head ? nearby(`${before}\n`, false, true) : []),
      left,
      ...(tail ? nearby(`\n${after}`, true, false) : [document.createTextNode('\n')]),
    ];
  }
  return nearby(text, first, last);
}

/** The same for a line that is long. */
function nearby(text: string, first: boolean, last: boolean): Node[] {
  const [head, tail] = [first ? BEGINNING : NEAR_CHARACTERS, last ? 0 : NEAR_CHARACTERS];
  if (text.length <= 3 * NEAR_CHARACTERS) return [document.createTextNode(text)];
  const left = h('span', { class: 'trk-fold' }, ` ⋯ ${plural(text.length - head - tail, 'character')} the same ⋯ `);
  const [before, after] = [text.slice(0, head), tail ? text.slice(-tail) : ''];
  return [document.createTextNode(before), left, document.createTextNode(after)];
}
