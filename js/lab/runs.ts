/** Runs in JupyterLab and Notebook 7: the panel, the tab, marks on cells, the status bar, the commands. */
import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { addArtifactCommands } from './artifacts';
import { runOfCell } from './cell_runs';
import { RunCells } from './cells';
import { CurrentFolder } from './folder';
import { runsIcon } from './icon';
import { CellMarks } from './marks';
import { Stores } from './server';
import { SidePanel } from './side';
import { StatusItem } from './status';
import { addStyle } from './style';
import { routeArgument, Tabs } from './tab';

const ID = 'jupyter-tracker:plugin';
const OPEN = 'jupyter-tracker:open';
const OPEN_RUN = 'jupyter-tracker:open-run';
const COMPARE = 'jupyter-tracker:compare-notebook';
const SHOW = 'jupyter-tracker:show-panel';
const INSERT = 'jupyter-tracker:insert-cells';
const RERUN = 'jupyter-tracker:rerun';
const PANEL = 'jupyter-tracker-panel';

function activate(
  app: JupyterFrontEnd,
  lab: ILabShell | null,
  notebooks: INotebookTracker | null,
  files: IDefaultFileBrowser | null,
  palette: ICommandPalette | null,
  launcher: ILauncher | null,
  bar: IStatusBar | null,
  registry: ISettingRegistry | null,
  restorer: ILayoutRestorer | null,
  translator: ITranslator | null,
): void {
  const trans = (translator ?? nullTranslator).load('jupyter_tracker');
  const stores = new Stores(app.serviceManager.serverSettings);
  const folder = new CurrentFolder(app, notebooks, files);
  const cells = new RunCells(app, notebooks, stores, trans);
  const tabs = new Tabs(app, stores, cells, trans, lab !== null);
  const { commands, shell } = app;
  addStyle();

  const side = new SidePanel(stores, folder, (route, at) => tabs.open(at, route));
  side.id = PANEL;
  side.title.icon = runsIcon;
  side.title.caption = trans.__('Experiments and runs');
  side.node.setAttribute('role', 'region');
  side.node.setAttribute('aria-label', side.title.caption);
  shell.add(side, 'left', { rank: 650, type: 'Runs' });
  restorer?.add(side, PANEL);

  const here = () => runOfCell(notebooks?.currentWidget?.content.activeCell);
  const runIn = (args: { readonly run?: unknown }) => (typeof args.run === 'string' ? args.run : here()?.id);
  const folderIn = (args: { readonly folder?: unknown }) =>
    typeof args.folder === 'string' ? args.folder : folder.path;
  commands.addCommand(OPEN, {
    label: args => (args['isLauncher'] ? trans.__('Runs') : trans.__('Open Runs')),
    caption: trans.__('The runs of this folder: table, comparison, each run in full'),
    icon: args => (args['isPalette'] ? undefined : runsIcon),
    execute: args => {
      const at = typeof args['cwd'] === 'string' ? args['cwd'] : folderIn(args);
      tabs.open(at, routeArgument(args['route']), args['restored'] === true);
    },
  });
  commands.addCommand(OPEN_RUN, {
    label: trans.__('Open This Cell’s Run'),
    icon: args => (args['isPalette'] ? undefined : runsIcon),
    isEnabled: args => runIn(args) !== undefined,
    isVisible: args => runIn(args) !== undefined,
    execute: args => tabs.open(folderIn(args), { at: 'run', run: runIn(args)! }),
  });
  commands.addCommand(COMPARE, {
    label: trans.__('Compare the Runs of This Notebook'),
    isEnabled: () => runsOf(notebooks?.currentWidget).length > 0,
    execute: args => tabs.open(folderIn(args), { at: 'compare', runs: runsOf(notebooks?.currentWidget) }),
  });
  commands.addCommand(SHOW, {
    label: trans.__('Show Experiments and Runs'),
    execute: () => shell.activateById(PANEL),
  });
  commands.addCommand(INSERT, {
    label: trans.__('Insert the Cells That Made This Run'),
    isEnabled: args => runIn(args) !== undefined,
    isVisible: args => runIn(args) !== undefined,
    execute: args => cells.insert(runIn(args)!, folderIn(args)),
  });
  commands.addCommand(RERUN, {
    label: trans.__('Rerun This Cell’s Run in a Clean Process'),
    isEnabled: args => runIn(args) !== undefined,
    isVisible: args => runIn(args) !== undefined,
    execute: args => cells.rerun(runIn(args)!, folderIn(args)),
  });
  addArtifactCommands(app, stores, folder, trans);
  const category = trans.__('Experiments');
  for (const command of [OPEN, OPEN_RUN, COMPARE, SHOW, INSERT, RERUN]) {
    palette?.addItem({ command, category, args: { isPalette: true } });
  }
  launcher?.add({ command: OPEN, category: trans.__('Other'), rank: 2, args: { isLauncher: true } });
  if (restorer && lab) tabs.restore(restorer, OPEN);

  const item = bar && new StatusItem(stores, folder, trans, () => void commands.execute(SHOW));
  if (item) bar?.registerStatusItem(ID, { item, align: 'left', rank: 5 });
  const marks = new Map<NotebookPanel, CellMarks>();
  const mark = (panel: NotebookPanel) => {
    if (!choices.marks || marks.has(panel)) return;
    const at = () => folder.of(panel);
    const made = new CellMarks(panel, stores.of(at()).store, trans, run => tabs.open(at(), { at: 'run', run }));
    marks.set(panel, made);
    panel.disposed.connect(() => marks.delete(panel));
  };
  const choices = new Choices(registry, () => {
    if (choices.marks) notebooks?.forEach(mark);
    else for (const made of marks.values()) made.dispose();
    if (!choices.marks) marks.clear();
    item?.turn(choices.statusBar);
  });
  const toggle = (key: 'marks' | 'statusBar', label: string) => {
    const command = `jupyter-tracker:toggle-${key === 'marks' ? 'marks' : 'status'}`;
    commands.addCommand(command, {
      label,
      isToggled: () => choices[key],
      execute: () => choices.set(key, !choices[key]),
    });
    palette?.addItem({ command, category });
  };
  toggle('marks', trans.__('Mark Tracked Cells'));
  if (bar) toggle('statusBar', trans.__('Runs in the Status Bar'));
  notebooks?.widgetAdded.connect((_, panel) => void panel.context.ready.then(() => mark(panel)));
  void choices.load();
}

/** The settings; where there are none to be had, what they are without a choice. */
class Choices {
  marks = true;
  statusBar = true;
  #settings: ISettingRegistry.ISettings | null = null;

  constructor(
    readonly registry: ISettingRegistry | null,
    readonly changed: () => void,
  ) {}

  async load(): Promise<void> {
    try {
      this.#settings = (await this.registry?.load(ID)) ?? null;
    } catch (error) {
      console.debug('tracker: its settings cannot be read', error);
    }
    this.#settings?.changed.connect(() => this.#take());
    this.#take();
  }

  set(key: 'marks' | 'statusBar', value: boolean): Promise<void> | undefined {
    return this.#settings?.set(key, value);
  }

  #take(): void {
    this.marks = this.#settings?.composite['marks'] !== false;
    this.statusBar = this.#settings?.composite['statusBar'] !== false;
    this.changed();
  }
}

function runsOf(panel: NotebookPanel | null | undefined): string[] {
  return (panel?.content.widgets ?? []).flatMap(cell => runOfCell(cell)?.id ?? []);
}

export const runs: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Experiments and runs beside the notebook: panel, tab, marks on cells, status bar, commands.',
  autoStart: true,
  optional: [
    ILabShell,
    INotebookTracker,
    IDefaultFileBrowser,
    ICommandPalette,
    ILauncher,
    IStatusBar,
    ISettingRegistry,
    ILayoutRestorer,
    ITranslator,
  ],
  activate,
};
