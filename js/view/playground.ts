/** A form made of what a model takes: rows to fill in, what it predicts for each beside them. Read only where saved. */
import type { Ask, Dispose, PlaygroundData, PlaygroundForm, Source } from '../core/types';
import { registryStyle } from '../style/registry';
import { h, setText } from './dom';
import { inShadow } from './shadow';

const NUMBERS = ['integer', 'long', 'float', 'double'];

/** Draws the form of `source` into `root`; what comes back takes it away again. */
export function playground(root: HTMLElement, source: Source<PlaygroundData>): Dispose {
  return inShadow(root, 'playground', registryStyle, new PlaygroundPane(source));
}

/** The form alone, for a view that holds it. */
export class PlaygroundPane {
  readonly node = h('section', { class: 'registry' });
  readonly #source: Source<PlaygroundData>;
  readonly #said = h('span', { class: 'said', role: 'status', 'aria-live': 'polite' });
  readonly #body = h('tbody');
  readonly #head = h('tr');
  readonly #keep = h('button', { type: 'button', disabled: true }, 'Keep');
  readonly #params = new Map<string, HTMLInputElement>();
  readonly #stop: Dispose[] = [];
  #form: PlaygroundForm;
  #rows: Record<string, string>[] = [];

  constructor(source: Source<PlaygroundData>) {
    this.#source = source;
    this.#form = source.get('form');
    this.#rows = this.#form.rows.map(row => ({ ...row }));
    this.node.setAttribute('aria-label', `Playground of ${this.#form.title}`);
    this.node.append(this.#bar(), this.#table());
    if (source.linked)
      this.#stop.push(
        source.linked(link => link === 'gone' && this.#tell('The kernel has ended: run the cell again.', true)),
      );
    this.#draw();
  }

  dispose(): void {
    for (const stop of this.#stop) stop();
  }

  #bar(): HTMLElement {
    const title = h('b', { dir: 'auto' }, this.#form.title);
    if (!this.#source.ask) return h('div', { class: 'bar' }, title, this.#said);
    const predict = h('button', { type: 'button' }, 'Predict');
    predict.addEventListener('click', () => void this.#predict());
    this.#keep.title = "Add these rows and predictions to a table of the model's run";
    this.#keep.addEventListener(
      'click',
      () => void this.#ask({ do: 'keep' }, answer => this.#tell(String(answer['said']))),
    );
    const add = h('button', { type: 'button' }, '+ Row');
    add.addEventListener('click', () => {
      this.#rows.push({ ...(this.#rows.at(-1) ?? {}) });
      this.#answered({ ...this.#form, outputs: [], predicted: [] });
    });
    const params = this.#form.params.map(param => {
      const input = h('input', { class: 'alias-add', value: param.default, 'aria-label': `Parameter ${param.name}` });
      this.#params.set(param.name, input);
      return h('label', {}, `${param.name} `, input);
    });
    return h('div', { class: 'bar' }, title, ...params, predict, add, this.#keep, this.#said);
  }

  #table(): HTMLElement {
    return h('div', { class: 'scroll model' }, h('table', {}, h('thead', {}, this.#head), this.#body));
  }

  #draw(): void {
    const { columns, outputs, predicted } = this.#form;
    const heads = columns.map(column => h('th', { scope: 'col', title: column.type }, column.name));
    this.#head.replaceChildren(...heads, ...outputs.map(name => h('th', { scope: 'col' }, name)));
    this.#body.replaceChildren(
      ...this.#rows.map((row, i) =>
        h(
          'tr',
          {},
          ...columns.map(column => h('td', {}, this.#cell(row, i, column))),
          ...(predicted[i] ?? []).map(value => h('td', { class: 'best' }, value)),
          this.#source.ask && this.#rows.length > 1 ? h('td', {}, this.#drop(i)) : null,
        ),
      ),
    );
    this.#keep.disabled = predicted.length === 0;
  }

  #cell(row: Record<string, string>, i: number, column: PlaygroundForm['columns'][number]): HTMLElement {
    const value = row[column.name] ?? '';
    if (!this.#source.ask) return h('span', {}, value);
    const input = h('input', {
      class: 'alias-add',
      value,
      inputmode: NUMBERS.includes(column.type) ? 'decimal' : null,
      placeholder: column.type,
      required: column.required,
      'aria-label': `${column.name}, row ${i + 1}`,
    });
    input.addEventListener('input', () => {
      row[column.name] = input.value;
    });
    input.addEventListener('keydown', event => {
      if (event.key === 'Enter') void this.#predict();
    });
    return input;
  }

  #drop(i: number): HTMLElement {
    const drop = h('button', { type: 'button', 'aria-label': `Remove row ${i + 1}` }, '×');
    drop.addEventListener('click', () => {
      this.#rows.splice(i, 1);
      this.#answered({ ...this.#form, predicted: this.#form.predicted.filter((_, place) => place !== i) });
    });
    return drop;
  }

  async #predict(): Promise<void> {
    const params = Object.fromEntries([...this.#params].map(([name, input]) => [name, input.value]));
    await this.#ask({ do: 'predict', rows: this.#rows, params }, answer => {
      const { outputs, predicted } = answer as unknown as Pick<PlaygroundForm, 'outputs' | 'predicted'>;
      this.#answered({ ...this.#form, outputs, predicted });
      this.#tell('');
    });
  }

  #answered(form: PlaygroundForm): void {
    this.#form = { ...form, rows: this.#rows };
    this.#draw();
  }

  async #ask(question: Ask, done: (answer: Readonly<Record<string, unknown>>) => void): Promise<void> {
    if (!this.#source.ask) return;
    this.#tell('…');
    try {
      done(await this.#source.ask(question));
    } catch (error) {
      this.#tell(error instanceof Error ? error.message : String(error), true);
    }
  }

  #tell(text: string, bad = false): void {
    this.#said.toggleAttribute('data-bad', bad);
    setText(this.#said, text);
  }
}
