/**
 * The store of a folder, behind a server: questions go by HTTP, changes are told by a web socket that is open while
 * somebody listens. Where the server does not answer that is told, and it is tried again, ever more rarely.
 */
import type { StoreAsk } from '../core/browse';
import type { Answer, Ask, Dispose, Link } from '../core/types';
import { KIND, unpacked } from './wire';

/** How the host reaches the server; paths are below `{base_url}tracker/`. */
export interface Transport {
  fetch(path: string, init: RequestInit): Promise<Response>;
  socket(path: string): WebSocket;
  url(path: string): string;
}

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;
const OPEN = 1;

/** The server does not answer; everything else that goes wrong has a sentence of its own. */
export class Unreachable extends Error {
  constructor() {
    super('The server does not answer. It is tried again until it does.');
  }
}

/** The server is there, but without us. */
export class Absent extends Error {
  constructor() {
    super('This server does not serve runs. Install jupyter-tracker where Jupyter Server runs, and start it again.');
  }
}

export class RemoteStore {
  readonly #changed = new Set<() => void>();
  readonly #linked = new Set<(link: Link) => void>();
  readonly #folder: string;
  #socket: WebSocket | null = null;
  #link: Link = 'live';
  #wait = FIRST_WAIT;
  #timer = 0;
  #absent = false;

  constructor(
    readonly transport: Transport,
    folder: string,
  ) {
    this.#folder = folder;
  }

  /** Whether the server has said that it does not serve runs: it is asked no more until the page is loaded anew. */
  get absent(): boolean {
    return this.#absent;
  }

  get folder(): string {
    return this.#folder;
  }

  /** `home` is the experiment with which views are kept. Rejects with a sentence for people. */
  async ask(question: Ask | StoreAsk, home = '0'): Promise<Answer> {
    if (this.#absent) throw new Absent();
    let response: Response;
    try {
      const body = JSON.stringify({ question, home });
      response = await this.transport.fetch(this.#path('api/ask'), { method: 'POST', body });
    } catch {
      this.#lost();
      throw new Unreachable();
    }
    const refused = response.ok ? null : await refusal(response);
    if (refused) throw new Error(refused);
    if (!response.headers.get('Content-Type')?.startsWith(KIND)) {
      this.#absent = true;
      this.#close();
      throw new Absent();
    }
    this.#set('live');
    return unpacked(await response.arrayBuffer());
  }

  /** Where a file of a run is served; `download` keeps a browser from showing it. */
  fileUrl(run: string, path: string, download = false): string {
    const names = path.split('/').map(encodeURIComponent).join('/');
    const url = this.#path(`files/${encodeURIComponent(run)}/${names}`);
    return this.transport.url(download ? `${url}&download=1` : url);
  }

  /** Calls back after each change of the store, and when the server is there again. */
  onChanged(changed: () => void): Dispose {
    this.#changed.add(changed);
    this.#connect();
    return () => {
      this.#changed.delete(changed);
      if (this.#changed.size === 0) this.#close();
    };
  }

  /** Lets all who follow look anew: what was seen may be over before a change was told. */
  again(): void {
    this.#tell();
  }

  /** Calls back when the server is gone or there again, and at once where it is gone. */
  linked(changed: (link: Link) => void): Dispose {
    this.#linked.add(changed);
    if (this.#link === 'gone') changed('gone');
    return () => this.#linked.delete(changed);
  }

  #path(path: string): string {
    return `${path}?folder=${encodeURIComponent(this.#folder)}`;
  }

  #connect(): void {
    if (this.#socket || this.#timer || this.#absent) return;
    const socket = this.transport.socket(this.#path('api/feed'));
    this.#socket = socket;
    socket.onopen = () => {
      const again = this.#link === 'gone';
      this.#wait = FIRST_WAIT;
      this.#set('live');
      if (again) this.#tell();
    };
    socket.onmessage = () => this.#tell();
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#lost();
    };
  }

  #lost(): void {
    this.#set('gone');
    if (this.#timer || this.#changed.size === 0 || this.#socket?.readyState === OPEN) return;
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      if (this.#changed.size > 0) this.#connect();
    }, this.#wait);
    this.#wait = Math.min(LONGEST_WAIT, this.#wait * 2);
  }

  #close(): void {
    window.clearTimeout(this.#timer);
    this.#timer = 0;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #tell(): void {
    for (const changed of [...this.#changed]) changed();
  }

  #set(link: Link): void {
    if (link === this.#link) return;
    this.#link = link;
    for (const changed of [...this.#linked]) changed(link);
  }
}

/** What the server said of a question that it did not answer; null where it does not know what questions are. */
async function refusal(response: Response): Promise<string | null> {
  try {
    const told = (await response.json()) as { readonly error?: string; readonly message?: string };
    if (told.error) return told.error;
    if (response.status === 403) return 'The server wants you to log in again: reload this page.';
    if (response.status === 404) return null;
    if (told.message) return told.message;
  } catch {
    // no JSON: some proxy's page
  }
  return response.status === 404 ? null : `The server could not answer (status ${response.status}).`;
}
