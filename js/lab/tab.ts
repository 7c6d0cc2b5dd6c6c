/** The workbench as a tab of JupyterLab's main area, or in a page of its own where there is no such area. */
import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import type { OverviewModel } from '../remote/overview';
import { type Bench, bench } from '../view/bench';
import { ALL, type Route, routeOf, routeText } from '../view/route';
import { runsIcon } from './icon';
import type { Stores } from './server';

export interface RunActions {
  insert(run: string, folder: string): void;
  rerun(run: string, folder: string): void;
}

class BenchWidget extends Widget {
  #bench: Bench | null = null;
  #route: Route;

  constructor(
    readonly overview: OverviewModel,
    route: Route,
    readonly actions: RunActions,
    readonly trans: TranslationBundle,
    readonly routed: () => void,
  ) {
    super();
    this.#route = route;
    this.addClass('jp-tracker-bench');
    this.node.style.height = '100%';
    this.node.tabIndex = -1;
  }

  get folder(): string {
    return this.overview.store.folder;
  }

  get route(): Route {
    return this.#route;
  }

  go(route: Route): void {
    this.#route = route;
    this.#bench?.go(route);
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.#bench ??= bench(
      this.node,
      {
        overview: this.overview,
        plotly: async () => (await import('../plot/library')).default,
        shown: (route, title) => {
          this.#route = route;
          this.title.label = title || this.trans.__('Runs');
          this.routed();
        },
        actions: [
          { label: this.trans.__('Insert as cells'), act: run => this.actions.insert(run, this.folder) },
          { label: this.trans.__('Rerun'), act: run => this.actions.rerun(run, this.folder) },
        ],
      },
      this.#route,
    );
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.#bench?.dispose();
    this.#bench = null;
    super.dispose();
  }
}

type Tab = MainAreaWidget<BenchWidget>;

export class Tabs {
  readonly #tabs = new WidgetTracker<Tab>({ namespace: 'jupyter-tracker' });
  #count = 0;

  constructor(
    readonly app: JupyterFrontEnd,
    readonly stores: Stores,
    readonly actions: RunActions,
    readonly trans: TranslationBundle,
    /** Whether the shell has tabs. */
    readonly tabbed: boolean,
  ) {}

  /** Opens tabs again as they were. */
  restore(restorer: ILayoutRestorer, command: string): void {
    void restorer.restore(this.#tabs, {
      command,
      args: ({ content }) => ({ folder: content.folder, route: routeText(content.route), restored: true }),
      name: tab => tab.id,
    });
  }

  /** Shows a route in the tab that is open on this folder, or in a new one. */
  open(folder: string, route: Route, restored = false): void {
    if (!this.tabbed) {
      window.open(this.stores.pageUrl(folder, routeText(route)), '_blank', 'noopener');
      return;
    }
    const open = restored ? undefined : this.#tabs.find(tab => tab.content.folder === folder);
    const tab = open ?? this.#make(folder, route);
    if (open) open.content.go(route);
    if (!restored) this.app.shell.activateById(tab.id);
  }

  #make(folder: string, route: Route): Tab {
    const overview = this.stores.of(folder);
    const saved: { tab?: Tab } = {};
    const content = new BenchWidget(overview, route, this.actions, this.trans, () => {
      if (saved.tab) void this.#tabs.save(saved.tab);
    });
    const tab = new MainAreaWidget({ content });
    tab.id = `jupyter-tracker-${this.#count++}`;
    tab.title.label = this.trans.__('Runs');
    tab.title.icon = runsIcon;
    tab.title.caption = folder ? this.trans.__('Runs in %1', folder) : this.trans.__('Runs');
    tab.title.closable = true;
    this.app.shell.add(tab, 'main');
    void this.#tabs.add(tab);
    saved.tab = tab;
    return tab;
  }
}

export function routeArgument(text: unknown): Route {
  return typeof text === 'string' ? routeOf(text) : ALL;
}
