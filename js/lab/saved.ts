/** A bundle out of a notebook becomes the view that it is of, with no kernel behind it. */
import { curvesFromJson, tableFromJson } from '../core/columns';
import { localSource } from '../core/local';
import type { RunData } from '../core/run';
import { type Bundle, type Dispose, PROTOCOL } from '../core/types';
import { card } from '../view/card';
import { compare } from '../view/compare';
import { h } from '../view/dom';
import { playground } from '../view/playground';
import { registry } from '../view/registry';
import { runView } from '../view/run';
import { sweep } from '../view/sweep';
import { table } from '../view/table';
import { trainer } from '../view/trainer';

export interface SavedView {
  /** Shows another bundle in place; false where this view cannot. */
  update(bundle: Bundle): boolean;
  dispose: Dispose;
}

/** Draws `bundle` into `root`. What is not a bundle of this protocol gives a sentence that says so. */
export function savedView(root: HTMLElement, bundle: Bundle): SavedView {
  const unknown = bundle?.protocol > PROTOCOL;
  if (
    unknown ||
    !['card', 'run', 'table', 'compare', 'registry', 'playground', 'sweep', 'trainer'].includes(bundle?.view)
  )
    return message(root, unknown);
  if (bundle.view === 'card') {
    const source = localSource({ run: bundle.run });
    const update = (next: Bundle) => {
      if (next.view !== 'card') return false;
      source.replace({ run: next.run });
      return true;
    };
    return { update, dispose: card(root, source, true) };
  }
  if (bundle.view === 'run') {
    const plotly = async () => (await import('../plot/library')).default;
    return {
      update: () => false,
      dispose: runView(root, localSource<RunData>({ id: bundle.run.id, run: bundle.run }), { plotly }),
    };
  }
  if (bundle.view === 'sweep') {
    const source = localSource({ sweep: bundle.sweep });
    const update = (next: Bundle) => {
      if (next.view !== 'sweep') return false;
      source.replace({ sweep: next.sweep });
      return true;
    };
    return { update, dispose: sweep(root, source) };
  }
  if (bundle.view === 'trainer') {
    const { panel, sweep: swept, form } = bundle;
    return { update: () => false, dispose: trainer(root, localSource({ panel, sweep: swept, form })) };
  }
  if (bundle.view === 'registry') {
    return { update: () => false, dispose: registry(root, localSource({ models: bundle.models })) };
  }
  if (bundle.view === 'playground') {
    return { update: () => false, dispose: playground(root, localSource({ form: bundle.form })) };
  }
  const { title, total } = bundle;
  const runs = tableFromJson(bundle.runs);
  const update = () => false;
  if (bundle.view === 'table') {
    return { update, dispose: table(root, localSource({ title, total, runs, state: bundle.state, selected: [] })) };
  }
  const source = localSource({ title, total, runs, curves: curvesFromJson(bundle.curves), state: bundle.state });
  return { update, dispose: compare(root, source, async () => (await import('../plot/library')).default) };
}

function message(root: HTMLElement, newer: boolean): SavedView {
  const text = newer
    ? 'This display was saved by a newer jupyter-tracker. Update it (pip install -U jupyter-tracker) to see it here.'
    : 'This display is damaged: it names no view that jupyter-tracker knows. Run its cell again.';
  const node = h('p', {}, text);
  root.append(node);
  return { update: () => false, dispose: () => node.remove() };
}
