/**
 * The registry: each model with its versions side by side. Where Python answers, a version is put into a stage, given
 * an alias, and that is taken back; where nobody does, the same is read only.
 */
import { directionOf } from '../core/direction';
import { formatDate, formatNumber, plural } from '../core/format';
import type { Dispose, ModelData, RegistryChange, RegistryData, Source, VersionData } from '../core/types';
import { registryStyle } from '../style/registry';
import { h, setText } from './dom';
import { inShadow } from './shadow';

const STAGES = ['None', 'Staging', 'Production', 'Archived'];
const METRICS = 12;

/** Draws the models of `source` into `root`; what comes back takes them away again. */
export function registry(root: HTMLElement, source: Source<RegistryData>): Dispose {
  return inShadow(root, 'registry', registryStyle, new RegistryPane(source));
}

class RegistryPane {
  readonly #source: Source<RegistryData>;
  readonly #list = h('div');
  readonly #said = h('span', { class: 'said', role: 'status', 'aria-live': 'polite' });
  readonly #undo = h('button', { type: 'button', hidden: true }, 'Undo');
  readonly #find = h('input', { type: 'search', placeholder: 'Find a model', 'aria-label': 'Find a model' });
  readonly #stop: Dispose[] = [];
  readonly #open = new Set<string>();
  #back: RegistryChange | null = null;
  readonly node = h('section', { class: 'registry', 'aria-label': 'Model registry' });

  constructor(source: Source<RegistryData>) {
    this.#source = source;
    this.node.append(h('div', { class: 'bar' }, h('b', {}, 'Models'), this.#find, this.#said, this.#undo), this.#list);
    this.#find.addEventListener('input', () => this.#draw());
    this.#undo.addEventListener('click', () => {
      if (this.#back) void this.#change(this.#back, 'Taken back.', true);
    });
    this.#stop.push(source.on('models', () => this.#draw()));
    if (source.linked)
      this.#stop.push(
        source.linked(link => link === 'gone' && this.#tell('The kernel has ended: this can only be read.')),
      );
    this.#draw();
  }

  dispose(): void {
    for (const stop of this.#stop) stop();
  }

  #tell(text: string, bad = false): void {
    this.#said.toggleAttribute('data-bad', bad);
    setText(this.#said, text);
  }

  async #change(change: RegistryChange, done: string, isUndo = false): Promise<void> {
    if (!this.#source.ask) return;
    this.#tell('…');
    try {
      const answer = (await this.#source.ask(change)) as unknown as {
        readonly models: readonly ModelData[];
        readonly undo: RegistryChange;
      };
      this.#back = isUndo ? null : answer.undo;
      this.#undo.hidden = this.#back === null;
      this.#source.set('models', answer.models);
      this.#draw();
      this.#tell(done);
    } catch (error) {
      this.#draw();
      this.#tell(error instanceof Error ? error.message : String(error), true);
    }
  }

  #draw(): void {
    const wanted = this.#find.value.trim().toLowerCase();
    const models = (this.#source.get('models') ?? []).filter(model => model.name.toLowerCase().includes(wanted));
    this.#list.replaceChildren(...models.map(model => this.#model(model)));
    if (models.length === 0)
      this.#list.append(h('p', { class: 'none' }, wanted ? 'No such model.' : 'No registered models yet.'));
  }

  #model(model: ModelData): HTMLElement {
    const about = [model.description, ...model.tags.map(tag => `${tag.key}: ${tag.value}`)].filter(Boolean).join(' · ');
    const keys = [...new Set(model.versions.flatMap(one => one.metrics.map(metric => metric.key)))].slice(0, METRICS);
    const heads = ['Version', 'Stage', 'Aliases', ...keys, 'Run', 'Created', ''];
    const best = new Map(keys.map(key => [key, bestOf(model, key)]));
    const more = model.total - model.versions.length;
    return h(
      'article',
      { class: 'model', 'aria-label': `Model ${model.name}` },
      h('h3', { dir: 'auto' }, model.name),
      about ? h('p', { class: 'about', dir: 'auto' }, about) : null,
      h(
        'div',
        { class: 'scroll' },
        h(
          'table',
          {},
          h('thead', {}, h('tr', {}, ...heads.map(head => h('th', { scope: 'col' }, head)))),
          h('tbody', {}, ...model.versions.flatMap(one => this.#version(model, one, keys, best))),
        ),
      ),
      more > 0 ? h('p', { class: 'about' }, `and ${plural(more, 'earlier version')}`) : null,
    );
  }

  #version(
    model: ModelData,
    one: VersionData,
    keys: readonly string[],
    best: ReadonlyMap<string, number>,
  ): HTMLElement[] {
    const id = `${model.name}/${one.version}`;
    const values = new Map(one.metrics.map(metric => [metric.key, Number(metric.value)]));
    const load = h('button', { type: 'button', 'aria-expanded': String(this.#open.has(id)) }, 'Load this');
    load.addEventListener('click', () => {
      if (!this.#open.delete(id)) this.#open.add(id);
      this.#draw();
    });
    const row = h(
      'tr',
      {},
      h('th', { scope: 'row' }, String(one.version)),
      h('td', {}, this.#stage(model, one)),
      h('td', {}, ...this.#aliases(model, one)),
      ...keys.map(key => {
        const value = values.get(key);
        const text = value === undefined ? '–' : formatNumber(value);
        return h('td', { class: value !== undefined && value === best.get(key) ? 'number best' : 'number' }, text);
      }),
      h('td', { title: one.run_id }, one.run || one.run_id.slice(0, 12)),
      h('td', {}, formatDate(one.created)),
      h('td', {}, load),
    );
    if (!this.#open.has(id)) return [row];
    const code = h('pre', { tabindex: '0', 'aria-label': 'Python that loads this version' }, one.code);
    return [row, h('tr', {}, h('td', { colspan: String(keys.length + 6) }, code))];
  }

  #stage(model: ModelData, one: VersionData): HTMLElement {
    if (!this.#source.ask)
      return h('span', { class: 'stage', 'data-stage': one.stage }, one.stage === 'None' ? '' : one.stage);
    const label = `Stage of version ${one.version} of ${model.name}`;
    const select = h('select', { class: 'stage', 'data-stage': one.stage, 'aria-label': label });
    select.append(...STAGES.map(stage => h('option', { value: stage, selected: stage === one.stage }, stage)));
    select.addEventListener('change', () => {
      const change: RegistryChange = {
        do: 'set',
        name: model.name,
        stages: { [one.version]: select.value },
        aliases: {},
      };
      void this.#change(change, `Version ${one.version} is in ${select.value} now.`);
    });
    return select;
  }

  #aliases(model: ModelData, one: VersionData): HTMLElement[] {
    const given = one.aliases.map(alias => {
      const chip = h('span', { class: 'alias' }, alias);
      if (!this.#source.ask) return chip;
      const drop = h(
        'button',
        { type: 'button', 'aria-label': `Take the alias ${alias} away`, title: 'Take away' },
        '×',
      );
      drop.addEventListener('click', () => this.#alias(model, alias, null, `${alias} is taken away.`));
      chip.append(drop);
      return chip;
    });
    if (!this.#source.ask) return given;
    const add = h('input', {
      class: 'alias-add',
      placeholder: '+ alias',
      'aria-label': `A new alias for version ${one.version}`,
    });
    add.addEventListener('change', () => {
      const alias = add.value.trim();
      if (alias) this.#alias(model, alias, one.version, `${alias} is version ${one.version} now.`);
    });
    return [...given, add];
  }

  #alias(model: ModelData, alias: string, version: number | null, done: string): void {
    void this.#change({ do: 'set', name: model.name, stages: {}, aliases: { [alias]: version } }, done);
  }
}

function bestOf(model: ModelData, key: string): number {
  const values = model.versions.flatMap(one =>
    one.metrics.filter(metric => metric.key === key).map(metric => Number(metric.value)),
  );
  const finite = values.filter(Number.isFinite);
  if (finite.length < 2) return Number.NaN;
  const direction = directionOf(key);
  return direction === 'higher' ? Math.max(...finite) : direction === 'lower' ? Math.min(...finite) : Number.NaN;
}
