/**
 * The trainer: an estimator and its grid as a form, the candidates as they come, the best one served and asked, and all
 * of it as Python. Where nobody answers, the same is read only.
 */
import type { SweepData } from '../core/sweep';
import type { GridRow, TrainerData, TrainerView } from '../core/trainer';
import type { Ask, Dispose, PlaygroundData, Source } from '../core/types';
import { registryStyle } from '../style/registry';
import { sweepStyle } from '../style/sweep';
import { h, setText } from './dom';
import { PlaygroundPane } from './playground';
import { inShadow } from './shadow';
import { SweepPane } from './sweep';

/** Draws the panel of `source` into `root`; what comes back takes it away again. */
export function trainer(root: HTMLElement, source: Source<TrainerData>): Dispose {
  return inShadow(root, 'trainer', registryStyle + sweepStyle, new TrainerPane(source));
}

class TrainerPane {
  readonly node = h('section', { class: 'trainer', 'aria-label': 'Trainer' });
  readonly #source: Source<TrainerData>;
  readonly #said = h('span', { class: 'said', role: 'status', 'aria-live': 'polite' });
  readonly #estimator = h('select', { 'aria-label': 'Estimator' });
  readonly #scoring = h('select', { 'aria-label': 'Scoring' });
  readonly #cv = h('input', { type: 'number', min: 2, max: 100, 'aria-label': 'Folds', class: 'folds' });
  readonly #train = h('button', { type: 'button', class: 'main' }, 'Train');
  readonly #grid = h('tbody');
  readonly #names = h('datalist', { id: 'names' });
  readonly #sweep = h('div');
  readonly #model = h('div', { class: 'bar', hidden: true });
  readonly #ask = h('div');
  readonly #code = h('pre');
  readonly #stop: Dispose[] = [];
  #rows: GridRow[];
  #swept: SweepPane | null = null;
  #asking: PlaygroundPane | null = null;

  constructor(source: Source<TrainerData>) {
    this.#source = source;
    const panel = source.get('panel');
    this.#rows = panel.grid.map(row => ({ ...row }));
    this.node.append(
      h(
        'div',
        { class: 'registry' },
        this.#top(panel),
        source.ask ? this.#form() : null,
        this.#model,
        this.#pythonOf(),
      ),
      this.#sweep,
      this.#ask,
    );
    this.#stop.push(
      source.on('panel', () => this.#draw()),
      source.on('sweep', () => this.#drawSweep()),
      source.on('form', () => this.#drawForm()),
    );
    if (source.linked)
      this.#stop.push(
        source.linked(link => link === 'gone' && this.#tell('The kernel has ended: run the cell again.', true)),
      );
    this.#drawGrid();
    this.#draw();
    this.#drawSweep();
    this.#drawForm();
  }

  dispose(): void {
    this.#swept?.dispose();
    this.#asking?.dispose();
    for (const stop of this.#stop) stop();
  }

  #top(panel: TrainerView): HTMLElement {
    const title = h('b', {}, this.#source.ask ? 'Train' : panel.estimator);
    const about = h('span', { class: 'about-line', dir: 'auto' }, panel.title);
    if (!this.#source.ask) return h('div', { class: 'bar' }, title, about, this.#said);
    for (const [select, names, chosen] of [
      [this.#estimator, panel.estimators, panel.estimator],
      [this.#scoring, panel.scorings, panel.scoring],
    ] as const) {
      select.append(...names.map(name => h('option', { value: name }, name)));
      select.value = chosen;
    }
    this.#cv.value = String(panel.cv);
    this.#estimator.addEventListener('change', () => void this.#chosen());
    this.#train.addEventListener('click', () => void this.#start());
    return h(
      'div',
      { class: 'bar' },
      title,
      this.#estimator,
      h('label', {}, 'scored by ', this.#scoring),
      h('label', {}, 'folds ', this.#cv),
      this.#train,
      about,
      this.#said,
    );
  }

  #form(): HTMLElement {
    const add = h('button', { type: 'button' }, '+ Parameter');
    add.addEventListener('click', () => {
      this.#rows.push({ name: '', values: '' });
      this.#drawGrid();
      this.#grid.querySelector<HTMLInputElement>('tr:last-child input')?.focus();
    });
    return h('div', { class: 'scroll model' }, h('table', {}, this.#grid), add, this.#names);
  }

  #pythonOf(): HTMLElement {
    return h('details', { class: 'python' }, h('summary', {}, 'As Python'), this.#code);
  }

  #drawGrid(): void {
    this.#grid.replaceChildren(
      ...this.#rows.map((row, i) => {
        const field = (key: 'name' | 'values', label: string, list: string | null) => {
          const input = h('input', { value: row[key], class: key, list, 'aria-label': `${label}, row ${i + 1}` });
          input.addEventListener('input', () => {
            this.#rows[i] = { ...this.#rows[i]!, [key]: input.value };
          });
          input.addEventListener('keydown', event => {
            if (event.key === 'Enter') void this.#start();
          });
          return h('td', {}, input);
        };
        const drop = h('button', { type: 'button', 'aria-label': `Remove row ${i + 1}` }, '×');
        drop.addEventListener('click', () => {
          this.#rows.splice(i, 1);
          this.#drawGrid();
        });
        return h('tr', {}, field('name', 'Parameter', 'names'), field('values', 'Values', null), h('td', {}, drop));
      }),
    );
  }

  #draw(): void {
    const panel = this.#source.get('panel');
    this.#train.disabled = panel.running;
    setText(this.#train, panel.running ? 'Training…' : 'Train');
    setText(this.#code, panel.code);
    this.#names.replaceChildren(
      ...panel.parameters.map(one => h('option', { value: one.name }, `${one.name} = ${one.default}`)),
    );
    if (panel.error) this.#tell(panel.error, true);
    this.#drawModel(panel);
  }

  #drawModel(panel: TrainerView): void {
    this.#model.hidden = !panel.model;
    if (!panel.model) return;
    const parts: (Node | string)[] = [h('span', {}, 'Best model '), h('code', {}, panel.model)];
    if (this.#source.ask) {
      const button = h('button', { type: 'button' }, panel.url ? 'Stop serving' : 'Deploy');
      button.addEventListener('click', () => void this.#say({ do: panel.url ? 'undeploy' : 'deploy' }));
      parts.push(button);
    }
    if (panel.url) parts.push(h('span', {}, 'POST '), h('code', {}, panel.url));
    this.#model.replaceChildren(...parts);
  }

  #drawSweep(): void {
    if (this.#swept || !('rows' in this.#source.get('sweep'))) return;
    this.#swept = new SweepPane(this.#source as unknown as Source<SweepData>);
    this.#sweep.replaceChildren(this.#swept.node);
  }

  #drawForm(): void {
    this.#asking?.dispose();
    this.#asking = null;
    const form = this.#source.get('form');
    this.#ask.replaceChildren();
    if (!('columns' in form) || (!this.#source.ask && form.predicted.length === 0)) return;
    this.#asking = new PlaygroundPane(this.#source as unknown as Source<PlaygroundData>);
    this.#ask.append(this.#asking.node);
  }

  async #chosen(): Promise<void> {
    const answer = await this.#say({ do: 'estimator', name: this.#estimator.value });
    const told = answer as { grid?: readonly GridRow[]; parameters?: TrainerView['parameters'] } | undefined;
    if (!told?.grid) return;
    this.#rows = told.grid.map(row => ({ ...row }));
    this.#names.replaceChildren(...(told.parameters ?? []).map(one => h('option', { value: one.name }, one.name)));
    this.#drawGrid();
  }

  async #start(): Promise<void> {
    if (this.#train.disabled) return;
    const grid = this.#rows.filter(row => row.name.trim() !== '');
    const cv = Number(this.#cv.value);
    await this.#say({
      do: 'train',
      estimator: this.#estimator.value,
      grid,
      scoring: this.#scoring.value,
      cv: Number.isInteger(cv) ? cv : 0,
    });
  }

  async #say(question: Ask): Promise<unknown> {
    if (!this.#source.ask) return undefined;
    this.#tell('…');
    try {
      const answer = await this.#source.ask(question);
      this.#tell('');
      return answer;
    } catch (error) {
      this.#tell(error instanceof Error ? error.message : String(error), true);
      return undefined;
    }
  }

  #tell(text: string, bad = false): void {
    this.#said.toggleAttribute('data-bad', bad);
    setText(this.#said, text);
  }
}
