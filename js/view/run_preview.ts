/**
 * What a file holds. Pictures and drawings stand in <img>, where no script of theirs runs; pages in a frame that may do
 * nothing; everything else is text. What was made for a file (URLs, charts) is taken away with it.
 */
import { formatBytes, formatCount } from '../core/format';
import type { FileEntry, Preview } from '../core/run';
import type { Answer, Dispose } from '../core/types';
import { h, setText } from './dom';
import { markdown } from './markdown';
import { download, TOO_LARGE } from './run_download';
import { actionButton, codeBlock, copyButton, type RunContext, sentence } from './run_parts';
import { figure, jsonTree, mediaOf, notebook, page } from './run_preview_kinds';
import { RowsView } from './run_preview_rows';

const FORMED = ['json', 'markdown', 'html', 'plotly', 'svg', 'notebook'];

export class FilePreview {
  readonly node: HTMLElement;
  readonly #context: RunContext;
  readonly #title = h('span', { class: 'trk-path', dir: 'auto' });
  readonly #size = h('span', { class: 'trk-dim' });
  readonly #tools = h('span', { class: 'trk-tools' });
  readonly #body = h('div', { class: 'trk-body' });
  #turn = 0;
  #stops: Dispose[] = [];

  constructor(context: RunContext) {
    this.#context = context;
    const head = h('header', { class: 'trk-file' }, this.#title, this.#size, this.#tools);
    this.node = h('section', { class: 'trk-preview', 'aria-label': 'Preview', hidden: true }, head, this.#body);
  }

  clear(): void {
    this.#turn++;
    for (const stop of this.#stops.splice(0)) stop();
    this.#body.replaceChildren();
    this.node.hidden = true;
  }

  async show(run: string, path: string, plain = false): Promise<void> {
    this.clear();
    const turn = this.#turn;
    this.node.hidden = false;
    setText(this.#title, path);
    setText(this.#size, '');
    this.#tools.replaceChildren();
    this.#body.append(h('p', { class: 'trk-none', role: 'status' }, 'Reading …'));
    try {
      const answer = await this.#context.ask!({ do: 'preview', run, path, plain });
      if (turn !== this.#turn) return;
      const preview = answer['preview'] as Preview;
      setText(this.#size, formatBytes(preview.size));
      this.#tools.append(...this.#buttons(run, preview, plain));
      this.#body.replaceChildren(...this.#parts(run, preview, answer));
    } catch (error) {
      if (turn === this.#turn) this.#body.replaceChildren(h('p', { class: 'trk-none' }, sentence(error)));
    }
  }

  #buttons(run: string, preview: Preview, plain: boolean): Node[] {
    const { path, size } = preview;
    const uri = `runs:/${run}/${path}`;
    const python = () => `tracker.artifacts.download_artifacts(${JSON.stringify(uri)})`;
    const copy = copyButton(this.#context, 'Copy as Python', python, 'the Python call');
    const formed = FORMED.includes(preview.kind);
    const other = plain ? 'Show' : 'Text';
    const text =
      !this.#context.still && (formed || plain) ? actionButton(other, () => void this.show(run, path, !plain)) : null;
    return [text, copy, this.#download(run, { path, size })].filter(node => node !== null);
  }

  #download(run: string, file: Pick<FileEntry, 'path' | 'size'>): Node | null {
    const name = file.path.split('/').at(-1)!;
    const url = this.#context.fileUrl?.(file.path);
    if (url) return h('a', { class: 'trk-act', href: url, download: name }, 'Download');
    if (file.size > TOO_LARGE || this.#context.still) return null;
    const button = actionButton('Download', () => {
      button.disabled = true;
      const said = (part: number) => setText(button, `${Math.round(part * 100)} %`);
      download(this.#context.ask!, run, file, name, said)
        .catch((error: unknown) => this.#context.tell(sentence(error)))
        .finally(() => {
          button.disabled = false;
          setText(button, 'Download');
        });
    });
    return button;
  }

  #parts(run: string, preview: Preview, answer: Answer): Node[] {
    const said = preview.said ? [h('p', { class: 'trk-none' }, preview.said)] : [];
    return [...said, ...this.#content(run, preview, answer)];
  }

  #content(run: string, preview: Preview, answer: Answer): Node[] {
    const [bytes] = answer.buffers;
    switch (preview.kind) {
      case 'none':
        return preview.size > TOO_LARGE ? [h('p', { class: 'trk-none' }, TOO_LARGE_TEXT)] : [];
      case 'image':
      case 'svg':
      case 'audio':
      case 'video':
        return bytes ? [mediaOf(preview.kind, preview.mime, bytes, preview.path, this.#stops)] : [];
      case 'text':
        return [...this.#text(run, preview)];
      case 'json':
        return [jsonTree(preview.text)];
      case 'markdown':
        return [markdown(preview.text)];
      case 'html':
        return [page(preview.text, preview.path)];
      case 'plotly':
        return [figure(preview.text, this.#context.plotly, this.#stops)];
      case 'notebook':
        return [notebook(preview.cells, preview.total)];
      case 'table':
        return [new RowsView(this.#context, run, preview, answer).node];
    }
  }

  #text(run: string, first: Extract<Preview, { kind: 'text' }>): Node[] {
    const block = codeBlock(first.text, first.path, true);
    const more = actionButton('', () => void go());
    let next = first.next;
    const turn = this.#turn;
    const told = () => {
      more.hidden = next === null;
      setText(more, `More: ${formatBytes(next ?? 0)} of ${formatBytes(first.size)} shown`);
    };
    const go = async () => {
      more.disabled = true;
      try {
        const question = { do: 'preview', run, path: first.path, offset: next ?? 0, plain: true } as const;
        const part = (await this.#context.ask!(question))['preview'] as Preview;
        if (turn !== this.#turn) return;
        if (part.kind === 'text') {
          block.append(part.text);
          next = part.next;
        } else next = null;
      } catch (error) {
        this.#context.tell(sentence(error));
      }
      more.disabled = false;
      told();
    };
    told();
    return first.text === '' ? [h('p', { class: 'trk-none' }, 'This file is empty.')] : [block, more];
  }

  close(): void {
    this.clear();
  }
}

const TOO_LARGE_TEXT = `Files larger than ${formatCount(TOO_LARGE / 1e6)} MB are not sent to the page: “Copy as Python” gives the call that finds it on this machine.`;
