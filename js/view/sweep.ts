/**
 * A sweep: how far it is, how long it takes still, the metric of each trial and the best so far, the trials by rank.
 * Where Python answers, it and each running trial can be stopped.
 */

import { jsonNumber } from '../core/columns';
import { formatNumber } from '../core/format';
import type { SweepData, SweepRow, SweepView } from '../core/sweep';
import type { Dispose, Source } from '../core/types';
import { registryStyle } from '../style/registry';
import { sweepStyle } from '../style/sweep';
import { h, keyed, s, setText } from './dom';
import { inShadow } from './shadow';

const WIDTH = 320;
const HEIGHT = 56;

/** Draws the sweep of `source` into `root`; what comes back takes it away again. */
export function sweep(root: HTMLElement, source: Source<SweepData>): Dispose {
  return inShadow(root, 'sweep', registryStyle + sweepStyle, new SweepPane(source));
}

/** The sweep's section alone, for a view that holds it. */
export class SweepPane {
  readonly node = h('section', { class: 'registry' });
  readonly #source: Source<SweepData>;
  readonly #title = h('b', { dir: 'auto' });
  readonly #about = h('span', { class: 'about-line' });
  readonly #said = h('span', { class: 'said', role: 'status', 'aria-live': 'polite' });
  readonly #stopAll = h('button', { type: 'button' }, 'Stop');
  readonly #done = h('div', { class: 'done' });
  readonly #failed = h('div', { class: 'failed' });
  readonly #bar = h('div', { class: 'progress', role: 'progressbar', 'aria-valuemin': '0' }, this.#done, this.#failed);
  readonly #chart = s('svg', { class: 'chart', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img' });
  readonly #head = h('tr');
  readonly #body = h('tbody');
  readonly #more = h('p', { class: 'none', hidden: true });
  readonly #disposers: Dispose[] = [];
  #gone = false;

  constructor(source: Source<SweepData>) {
    this.#source = source;
    const top = h('div', { class: 'bar' }, this.#title, this.#about, this.#said, source.ask ? this.#stopAll : null);
    const table = h('table', {}, h('thead', {}, this.#head), this.#body);
    this.node.append(top, this.#bar, h('div', { class: 'scroll model' }, this.#chart, table, this.#more));
    this.#stopAll.addEventListener('click', () => void this.#stop());
    this.#disposers.push(source.on('sweep', () => this.draw()));
    if (source.linked)
      this.#disposers.push(
        source.linked(link => {
          this.#gone = link === 'gone';
          if (this.#gone) this.#tell('The kernel has ended: run the cell with resume to go on.', true);
          this.draw();
        }),
      );
    this.draw();
  }

  dispose(): void {
    for (const stop of this.#disposers) stop();
  }

  draw(): void {
    const now = this.#source.get('sweep');
    const running = now.status === 'RUNNING' && !this.#gone;
    const ended = now.counts.FINISHED + now.counts.FAILED + now.counts.KILLED;
    setText(this.#title, now.name);
    setText(this.#about, about(now, running));
    this.node.setAttribute('aria-label', `Sweep ${now.name}`);
    this.#stopAll.hidden = !running;
    this.#bar.hidden = !running;
    this.#bar.setAttribute('aria-valuenow', String(ended));
    this.#bar.setAttribute('aria-valuemax', String(now.total));
    this.#done.style.width = `${(100 * now.counts.FINISHED) / Math.max(1, now.total)}%`;
    this.#failed.style.width = `${(100 * (now.counts.FAILED + now.counts.KILLED)) / Math.max(1, now.total)}%`;
    if (now.error || now.notices.length > 0) this.#tell(now.error || now.notices.join(' '), now.error !== '');
    this.#drawChart(now);
    this.#drawTable(now, running);
  }

  #drawChart(now: SweepView): void {
    const points = now.values
      .map(([n, value]) => ({ n, value: jsonNumber(value) }))
      .filter(p => Number.isFinite(p.value));
    this.#chart.toggleAttribute('hidden', points.length < 2);
    this.#chart.style.display = points.length < 2 ? 'none' : '';
    this.#chart.replaceChildren();
    if (points.length < 2) return;
    const values = points.map(p => p.value);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const last = Math.max(...points.map(p => p.n), now.total - 1, 1);
    const x = (n: number) => 6 + ((WIDTH - 12) * n) / last;
    const y = (value: number) => HEIGHT - 6 - ((HEIGHT - 12) * (value - least)) / (most - least || 1);
    const better = now.direction === 'maximize' ? Math.max : Math.min;
    const sorted = [...points].sort((a, b) => a.n - b.n);
    let best = sorted[0]!.value;
    const path = sorted.map((p, i) => {
      best = better(best, p.value);
      return `${i === 0 ? 'M' : 'H'}${x(p.n)}${i === 0 ? ` ${y(best)}` : `V${y(best)}`}`;
    });
    const dots = sorted.map(p => s('circle', { cx: x(p.n), cy: y(p.value), r: 2.5 }));
    const words = `${now.metric} of ${points.length} trials, from ${formatNumber(least)} to ${formatNumber(most)}`;
    this.#chart.setAttribute('aria-label', words);
    this.#chart.replaceChildren(s('title', {}, words), s('path', { d: path.join('') }), ...dots);
  }

  #drawTable(now: SweepView, running: boolean): void {
    const heads = ['', ...now.params, ...(now.metric ? [now.metric] : []), 'time', 'run'];
    keyed(
      this.#head,
      heads.map((text, i) => ({ text, i })),
      head => String(head.i),
      () => h('th', { scope: 'col' }),
      (cell, head) => setText(cell, head.text),
    );
    keyed(
      this.#body,
      now.rows,
      row => String(row.number),
      () => h('tr'),
      (line, row) => this.#drawRow(line, row, now, running),
    );
    const more = Object.values(now.counts).reduce((sum, count) => sum + count, 0) - now.rows.length;
    this.#more.hidden = more <= 0;
    setText(this.#more, `and ${more} more trials`);
  }

  #drawRow(line: HTMLTableRowElement, row: SweepRow, now: SweepView, running: boolean): void {
    const cells = [
      row.status === 'FINISHED' ? '' : row.status.toLowerCase(),
      ...row.values,
      ...(now.metric ? [row.value === null ? row.error : formatNumber(jsonNumber(row.value))] : []),
      row.seconds === null ? '' : duration(row.seconds),
      row.run.slice(0, 12),
    ];
    line.setAttribute('data-status', row.status);
    line.classList.toggle('best', row.number === now.best);
    if (row.error) line.title = row.error;
    keyed(
      line,
      [...cells.map((text, i) => ({ text, i })), { text: 'stop', i: -1 }],
      cell => String(cell.i),
      () => h('td'),
      (element, cell) => {
        if (cell.i >= 0) return setText(element, cell.text);
        const can = running && row.status === 'RUNNING' && this.#source.ask;
        if (!can) return element.replaceChildren();
        if (element.firstChild) return;
        const button = h('button', { type: 'button', 'aria-label': `Stop trial ${row.number}` }, 'Stop');
        button.addEventListener('click', () => void this.#stop(row.number));
        element.append(button);
      },
    );
  }

  async #stop(trial?: number): Promise<void> {
    if (!this.#source.ask) return;
    this.#tell('Stopping…');
    try {
      await this.#source.ask(trial === undefined ? { do: 'stop' } : { do: 'stop', trial });
      if (trial !== undefined) this.#tell('');
    } catch (error) {
      this.#tell(error instanceof Error ? error.message : String(error), true);
    }
  }

  #tell(text: string, bad = false): void {
    this.#said.toggleAttribute('data-bad', bad);
    setText(this.#said, text);
  }
}

function about(now: SweepView, running: boolean): string {
  const { counts, total } = now;
  const parts = [`${counts.FINISHED} of ${total}`];
  if (running && counts.RUNNING > 0) parts.push(`${counts.RUNNING} running`);
  if (counts.FAILED > 0) parts.push(`${counts.FAILED} failed`);
  if (counts.KILLED > 0) parts.push(`${counts.KILLED} stopped`);
  if (running && now.left !== null) parts.push(`about ${duration(now.left)} left`);
  if (!running && now.status === 'KILLED') parts.push('stopped');
  return parts.join(' · ');
}

function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
