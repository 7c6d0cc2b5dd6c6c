/**
 * What JupyterLab puts where our MIME type stands. The saved bundle is drawn at once; where the output also names a
 * live widget, the notebook's own widget renderer is tried out of sight, and takes the place only once it has shown
 * something: a widget whose kernel is gone never does.
 */
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Panel, Widget } from '@lumino/widgets';
import { type Bundle, MIME } from '../core/types';
import { type SavedView, savedView } from './saved';

export const WIDGET_MIME = 'application/vnd.jupyter.widget-view+json';
export const RANK = -50;

/** What makes the notebook's renderer of a widget, as it is now; null where there is none, or the kernel has no such widget. */
export type LiveRenderer = (id: string) => { readonly by: object; make(): IRenderMime.IRenderer } | null | 'not told';

/** A notebook that is opened again draws its outputs before it knows its widgets: how long, and how often, that is looked for. */
const LOOK_MS = 500;
const LOOKS = 120;

export class BundleRenderer extends Panel implements IRenderMime.IRenderer {
  readonly #saved = new Widget();
  readonly #makeLive: LiveRenderer;
  #view: SavedView | null = null;
  #live: { readonly widget: IRenderMime.IRenderer; readonly watch: MutationObserver; readonly by: object } | null =
    null;
  #id = '';
  #looking = 0;

  constructor(live: LiveRenderer = () => null) {
    super();
    this.#makeLive = live;
    this.addClass('trk-output');
    this.addWidget(this.#saved);
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const bundle = model.data[MIME] as unknown as Bundle;
    if (!this.#view?.update(bundle)) {
      this.#view?.dispose();
      this.#view = savedView(this.#saved.node, bundle);
    }
    const reference = model.data[WIDGET_MIME] as { readonly model_id?: string } | undefined;
    const id = model.trusted ? (reference?.model_id ?? '') : '';
    if (id === this.#id) return;
    this.#id = id;
    this.#dropLive();
    if (id) this.#lookForLive(model, LOOKS);
  }

  /** Tries by what makes widgets now, and anew when that is another; until one shows something. */
  #lookForLive(model: IRenderMime.IMimeModel, looks: number): void {
    if (this.isDisposed || this.#saved.isHidden) return;
    const now = this.#makeLive(this.#id);
    const left = now === 'not told' ? looks : looks - 1;
    if (now && now !== 'not told' && now.by !== this.#live?.by) {
      this.#dropLive();
      this.#tryLive(now.make(), now.by, model);
    }
    if (left >= 0) this.#looking = window.setTimeout(() => this.#lookForLive(model, left), LOOK_MS);
  }

  #tryLive(widget: IRenderMime.IRenderer, by: object, model: IRenderMime.IMimeModel): void {
    const watch = new MutationObserver(() => this.#choose());
    this.#live = { widget, watch, by };
    widget.hide();
    this.addWidget(widget);
    watch.observe(widget.node, { childList: true, subtree: true });
    void widget.renderModel(model).then(
      () => this.#choose(),
      (error: unknown) => console.debug('tracker: the saved view stays, its widget is not to be had', error),
    );
  }

  #choose(): void {
    if (!this.#live || this.isDisposed) return;
    const { widget } = this.#live;
    const lives = widget instanceof Panel ? widget.widgets.length > 0 : [...widget.children()].length > 0;
    if (lives !== this.#saved.isHidden) {
      widget.setHidden(!lives);
      this.#saved.setHidden(lives);
    }
  }

  #dropLive(): void {
    window.clearTimeout(this.#looking);
    this.#live?.watch.disconnect();
    this.#live?.widget.dispose();
    this.#live = null;
    this.#saved.show();
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.#view?.dispose();
    this.#view = null;
    window.clearTimeout(this.#looking);
    this.#live?.watch.disconnect();
    this.#live = null;
    super.dispose();
  }
}
