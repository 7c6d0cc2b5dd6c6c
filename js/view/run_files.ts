/** A run's files as a tree that is read folder by folder, and beside it what the chosen one holds. */
import { formatBytes, formatCount } from '../core/format';
import type { FileEntry, RunDetail } from '../core/run';
import { h, setText } from './dom';
import { type RunContext, type RunPanel, sentence } from './run_parts';
import { FilePreview } from './run_preview';

export interface FilesPanel extends RunPanel {
  /** Opens the folders down to a file, and shows it. */
  show(path: string): Promise<void>;
}

export function filesPanel(context: RunContext): FilesPanel {
  const panel = new FileTree(context);
  return {
    node: panel.node,
    count: () => '',
    update: run => panel.update(run),
    show: path => panel.show(path),
    close: () => panel.close(),
  };
}

interface Folder {
  readonly list: HTMLElement;
  read: Promise<void> | null;
}

class FileTree {
  readonly node: HTMLElement;
  readonly #context: RunContext;
  readonly #tree = h('ul', { class: 'trk-tree', role: 'tree', 'aria-label': 'Files' });
  readonly #said = h('p', { class: 'trk-none', role: 'status' });
  readonly #preview: FilePreview;
  #folders = new Map<string, Folder>();
  #run = '';
  #status = '';

  constructor(context: RunContext) {
    this.#context = context;
    this.#preview = new FilePreview(context);
    const side = h('div', { class: 'trk-side' }, this.#tree, this.#said);
    this.node = h('div', { class: 'trk-panel trk-files' }, side, this.#preview.node);
    this.#tree.addEventListener('keydown', event => this.#key(event));
  }

  update(run: RunDetail): void {
    const ended = run.id === this.#run && run.status !== this.#status;
    this.#status = run.status;
    if (run.id === this.#run && !ended) return;
    this.#run = run.id;
    this.#preview.clear();
    this.#tree.replaceChildren();
    this.#folders = new Map([['', { list: this.#tree, read: null }]]);
    if (!this.#context.ask) {
      setText(this.#said, 'The files are in the store: run the cell again to see them.');
      return;
    }
    void this.#read('');
  }

  async show(path: string): Promise<void> {
    const parts = path.split('/');
    for (let i = 0; i < parts.length; i++) {
      await this.#read(parts.slice(0, i).join('/'));
      const folder = this.#item(parts.slice(0, i + 1).join('/'));
      if (i < parts.length - 1 && folder) await this.#open(folder, true);
    }
    const file = this.#item(path);
    if (file) this.#choose(file);
  }

  #item(path: string): HTMLElement | undefined {
    return this.#items().find(item => item.dataset['path'] === path);
  }

  #read(path: string): Promise<void> {
    const folder = this.#folders.get(path);
    if (!folder) return Promise.resolve();
    folder.read ??= this.#fill(path, folder).catch((error: unknown) => {
      folder.read = null;
      setText(this.#said, sentence(error));
    });
    return folder.read;
  }

  async #fill(path: string, { list }: Folder): Promise<void> {
    const run = this.#run;
    if (path === '') setText(this.#said, 'Reading …');
    const answer = await this.#context.ask!({ do: 'files', run, path });
    if (run !== this.#run) return;
    const files = answer['files'] as readonly FileEntry[];
    const total = Number(answer['total']);
    const more = total - files.length;
    const rest = more > 0 ? [h('li', { class: 'trk-dim', role: 'none' }, `and ${formatCount(more)} more`)] : [];
    list.replaceChildren(...files.map(file => this.#entry(file)), ...rest);
    if (path === '') {
      setText(this.#said, total === 0 ? 'This run keeps no files.' : '');
      const [first] = this.#items();
      if (first) first.tabIndex = 0;
    }
  }

  #entry(file: FileEntry): HTMLElement {
    const size = h('span', { class: 'trk-dim' }, file.folder ? '' : formatBytes(file.size));
    const label = h('span', { class: 'trk-name', dir: 'auto' }, file.name);
    const line = h('div', { class: 'trk-line', title: file.path }, label, size);
    const list = file.folder ? h('ul', { role: 'group', hidden: true }) : null;
    const expanded = file.folder ? 'false' : null;
    const item = h(
      'li',
      { role: 'treeitem', tabindex: -1, 'aria-expanded': expanded, 'data-path': file.path },
      line,
      list,
    );
    item.setAttribute('aria-label', file.name);
    if (list) this.#folders.set(file.path, { list, read: null });
    line.addEventListener('click', () => this.#act(item));
    return item;
  }

  #act(item: HTMLElement): void {
    this.#focus(item);
    if (item.hasAttribute('aria-expanded')) void this.#open(item, item.getAttribute('aria-expanded') !== 'true');
    else this.#choose(item);
  }

  async #open(item: HTMLElement, open: boolean): Promise<void> {
    item.setAttribute('aria-expanded', String(open));
    const path = item.dataset['path']!;
    const folder = this.#folders.get(path);
    if (folder) folder.list.hidden = !open;
    if (open) await this.#read(path);
  }

  #choose(item: HTMLElement): void {
    for (const other of this.#items()) other.setAttribute('aria-selected', String(other === item));
    void this.#preview.show(this.#run, item.dataset['path']!);
  }

  /** The items that are seen, in order. */
  #items(): HTMLElement[] {
    const all = [...this.#tree.querySelectorAll<HTMLElement>('[role="treeitem"]')];
    return all.filter(item => !item.parentElement!.closest('[hidden]'));
  }

  #focus(item: HTMLElement): void {
    for (const other of this.#tree.querySelectorAll<HTMLElement>('[tabindex="0"]')) other.tabIndex = -1;
    item.tabIndex = 0;
    item.focus();
  }

  #key(event: KeyboardEvent): void {
    const item = (event.target as Element).closest<HTMLElement>('[role="treeitem"]');
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    const items = this.#items();
    const at = items.indexOf(item);
    const isOpen = item.getAttribute('aria-expanded');
    const go = (to: HTMLElement | null | undefined) => to && this.#focus(to);
    const act: Readonly<Record<string, () => void>> = {
      ArrowDown: () => go(items[at + 1]),
      ArrowUp: () => go(items[at - 1]),
      Home: () => go(items[0]),
      End: () => go(items.at(-1)),
      ArrowRight: () => (isOpen === 'false' ? void this.#open(item, true) : isOpen === 'true' && go(items[at + 1])),
      ArrowLeft: () => {
        if (isOpen === 'true') void this.#open(item, false);
        else go(item.parentElement?.closest<HTMLElement>('[role="treeitem"]'));
      },
      Enter: () => this.#act(item),
      ' ': () => this.#act(item),
    };
    if (!act[event.key]) return;
    act[event.key]!();
    event.preventDefault();
    event.stopPropagation();
  }

  close(): void {
    this.#preview.close();
  }
}
