/** The panel of pictures: the same key or file of each run side by side, at one step. Bytes come when they are in sight. */
import type { Picture } from '../core/differing';
import { plainFigure } from '../core/plain_figure';
import { Chart, type Figure } from '../plot/plotly';
import { plotFailed } from './compare_frame';
import type { Context, Panel, ShownRun } from './compare_model';
import { field, fillSelect, numberField, select } from './controls';
import { h, setText } from './dom';
import { patiently, WAITING } from './waiting';

const NOBODY = 'Images are read by Python: run the comparison’s cell again to see them.';
const NONE = 'These runs keep no images: tracker.log_image, log_figure and displayed figures are shown here.';

const FIGURE_HEIGHT = 230;

interface Shown {
  readonly kind?: string;
  readonly mime?: string;
  readonly said?: string;
  readonly text?: string;
}

export function picturesPanel(context: Context): Panel {
  /** The address of a picture's bytes, or what plotly draws. */
  const known = new Map<string, Promise<string | Figure>>();
  let charts: Chart[] = [];
  let all: readonly Picture[] = [];
  let askedFor = '';
  let problem = '';
  let found = false;
  const grid = h('div', { class: 'trk-pictures' });
  const empty = h('p', { class: 'trk-empty', role: 'status' });
  const what = select([], '', value => change({ key: value }));
  const size = select([], '', value => change({ size: value }));
  const step = numberField({ min: 0, max: 0, step: 1 }, 0, value => change({ step: String(value) }));
  const slider = field('Step', step.node, step.value);
  const bar = h('div', { class: 'trk-bar' }, field('Show', what), slider, field('Size', size));
  const change = (part: Readonly<Record<string, string>>) => {
    const named = Object.fromEntries(Object.entries(part).map(([name, value]) => [`Images.${name}`, value]));
    context.change({ chosen: { ...context.state().chosen, ...named } });
  };
  const seen = new IntersectionObserver(
    entries => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        seen.unobserve(target);
        waiting.get(target)?.();
        waiting.delete(target);
      }
    },
    { rootMargin: '200px' },
  );
  const waiting = new Map<Element, () => void>();

  const load = (picture: Picture): Promise<string | Figure> => {
    const key = `${picture.run} ${picture.path}`;
    const loaded =
      known.get(key) ??
      context.ask!({ do: 'preview', run: picture.run, path: picture.path }).then(({ preview, buffers: [bytes] }) => {
        const { kind, mime, said, text } = preview as Shown;
        const figure = kind === 'plotly' && text ? plainFigure(JSON.parse(text)) : null;
        if (figure) return figure;
        if ((kind !== 'image' && kind !== 'svg') || !bytes || !mime) throw new Error(said ?? 'No picture.');
        return URL.createObjectURL(new Blob([bytes as BlobPart], { type: mime }));
      });
    known.set(key, loaded);
    return loaded;
  };

  const find = async (runs: readonly ShownRun[]) => {
    const ids = runs.map(run => run.id);
    if (JSON.stringify(ids) === askedFor) return;
    askedFor = JSON.stringify(ids);
    try {
      const waits = () => setText(empty, WAITING);
      const answer = await patiently(context.ask!({ do: 'pictures', runs: ids }), waits);
      if (JSON.stringify(ids) !== askedFor) return;
      all = answer['pictures'] as readonly Picture[];
      problem = '';
      found = true;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    show();
  };

  const show = () => {
    const runs = context.visible();
    const keys = keysOf(all);
    const state = context.state().chosen ?? {};
    const key = keys.includes(state['Images.key'] ?? '') ? state['Images.key']! : (keys[0] ?? '');
    const ofKey = all.filter(picture => picture.key === key);
    const steps = [...new Set(ofKey.flatMap(({ step }) => (step === null ? [] : [step])))].sort((a, b) => a - b);
    const last = steps.length - 1;
    const wanted = Number(state['Images.step'] ?? last);
    const at = Math.max(0, Math.min(last, Number.isInteger(wanted) ? wanted : last));
    fillSelect(
      what,
      keys.map(name => [name, name]),
      key,
    );
    const sizes = ['small', 'medium', 'large'] as const;
    const width = sizes.find(name => name === state['Images.size']) ?? 'medium';
    fillSelect(
      size,
      sizes.map(name => [name, name]),
      width,
    );
    slider.hidden = steps.length < 2;
    step.node.max = String(Math.max(0, last));
    step.node.value = String(at);
    step.node.setAttribute('aria-valuetext', `step ${steps[at] ?? 0}`);
    setText(step.value, String(steps[at] ?? ''));
    bar.hidden = keys.length === 0;
    grid.dataset['size'] = width;
    setText(empty, problem || (found ? NONE : ''));
    empty.hidden = keys.length > 0;
    for (const chart of charts) chart.close();
    charts = [];
    grid.replaceChildren(...runs.flatMap(run => figureOf(run, nearest(ofKey, run.id, steps[at])) ?? []));
  };

  const figureOf = (run: ShownRun, picture: Picture | undefined): HTMLElement => {
    const swatch = h('i', { class: 'trk-swatch' });
    swatch.style.background = run.style.color;
    const when = picture?.step === null || picture === undefined ? '' : ` · step ${picture.step}`;
    const caption = h('figcaption', {}, swatch, h('span', { dir: 'auto', title: run.id }, run.label), when);
    const place = h('div', { class: 'trk-picture' });
    const figure = h('figure', { class: 'trk-figure' }, caption, place);
    figure.addEventListener('pointerenter', () => context.hover(run.id));
    figure.addEventListener('pointerleave', () => context.hover(null));
    if (!picture) {
      place.append(h('span', { class: 'trk-dim' }, 'none'));
      return figure;
    }
    const image = (src: string) =>
      place.replaceChildren(h('img', { src, alt: `${picture.key} of ${run.label}${when}` }));
    const drawing = (shown: Figure) => {
      const plot = h('div', { class: 'trk-plot', role: 'img', 'aria-label': `${picture.key} of ${run.label}${when}` });
      place.replaceChildren(plot);
      const chart = new Chart(plot, context.plotly);
      charts.push(chart);
      chart.draw({ ...shown, layout: { ...shown.layout, height: FIGURE_HEIGHT } }).catch(plotFailed(plot));
    };
    waiting.set(figure, () => {
      load(picture).then(
        shown => (typeof shown === 'string' ? image(shown) : drawing(shown)),
        (error: unknown) => place.replaceChildren(h('span', { class: 'trk-dim' }, (error as Error).message)),
      );
    });
    seen.observe(figure);
    return figure;
  };

  return {
    node: h('div', {}, bar, grid, empty),
    draw() {
      seen.disconnect();
      waiting.clear();
      if (!context.ask) problem = NOBODY;
      show();
      if (context.ask) void find(context.visible());
    },
    close() {
      seen.disconnect();
      for (const chart of charts) chart.close();
      const letGo = (shown: string | Figure) => typeof shown === 'string' && URL.revokeObjectURL(shown);
      for (const loaded of known.values()) loaded.then(letGo, () => {});
    },
  };
}

/** Series before files, then what most runs have. */
function keysOf(pictures: readonly Picture[]): string[] {
  const runs = new Map<string, Set<string>>();
  const series = new Set<string>();
  for (const { key, run, step } of pictures) {
    runs.set(key, (runs.get(key) ?? new Set()).add(run));
    if (step !== null) series.add(key);
  }
  const rank = (key: string) => (series.has(key) ? 0 : 1);
  const most = (a: string, b: string) => runs.get(b)!.size - runs.get(a)!.size;
  return [...runs.keys()].sort((a, b) => rank(a) - rank(b) || most(a, b) || a.localeCompare(b));
}

/** The run's picture of this step, else the last one before it, else its first. */
function nearest(pictures: readonly Picture[], run: string, step: number | undefined): Picture | undefined {
  const own = pictures.filter(picture => picture.run === run).sort((a, b) => (a.step ?? 0) - (b.step ?? 0));
  return own.findLast(picture => step === undefined || picture.step === null || picture.step <= step) ?? own[0];
}
