/** The panel of experiments and runs, at the side. It looks at the folder that a person works in. */
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { type PanelView, panel } from '../view/panel';
import type { Route } from '../view/route';
import type { CurrentFolder } from './folder';
import type { Stores } from './server';

export class SidePanel extends Widget {
  #view: PanelView | null = null;

  constructor(
    readonly stores: Stores,
    readonly folder: CurrentFolder,
    readonly opened: (route: Route, folder: string) => void,
  ) {
    super();
    folder.onChanged(() => this.#view?.show(stores.of(folder.path)));
  }

  protected override onBeforeShow(message: Message): void {
    super.onBeforeShow(message);
    this.#view ??= panel(this.node, this.stores.of(this.folder.path), route => this.opened(route, this.folder.path));
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.#view?.focus();
  }

  /** Nobody looks: nothing is asked. */
  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.#view?.dispose();
    this.#view = null;
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.#view?.dispose();
    super.dispose();
  }
}
