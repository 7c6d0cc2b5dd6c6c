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

/** Makes the notebook's renderer of widgets; null where there is none. */
export type LiveRenderer = () => IRenderMime.IRenderer | null;

export class BundleRenderer extends Panel implements IRenderMime.IRenderer {
  readonly #saved = new Widget();
  readonly #makeLive: LiveRenderer;
  #view: SavedView | null = null;
  #live: { readonly widget: IRenderMime.IRenderer; readonly watch: MutationObserver; readonly id: string } | null =
    null;

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
    if (id === (this.#live?.id ?? '')) return;
    this.#dropLive();
    if (id) this.#tryLive(id, model);
  }

  #tryLive(id: string, model: IRenderMime.IMimeModel): void {
    const widget = this.#makeLive();
    if (!widget) return;
    const watch = new MutationObserver(() => this.#choose());
    this.#live = { widget, watch, id };
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
    this.#live?.watch.disconnect();
    this.#live?.widget.dispose();
    this.#live = null;
    this.#saved.show();
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.#view?.dispose();
    this.#view = null;
    this.#live?.watch.disconnect();
    this.#live = null;
    super.dispose();
  }
}
