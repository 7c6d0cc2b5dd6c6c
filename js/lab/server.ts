/** Jupyter Server as the way to stores: one of each folder for the whole page, however many views look at it. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { OverviewModel } from '../remote/overview';
import { RemoteStore, type Transport } from '../remote/store';

export class Stores {
  readonly #settings: ServerConnection.ISettings;
  readonly #known = new Map<string, OverviewModel>();

  constructor(settings: ServerConnection.ISettings = ServerConnection.makeSettings()) {
    this.#settings = settings;
  }

  /** The store that a kernel in this folder would find; the folder as the file browser tells it. */
  of(folder: string): OverviewModel {
    const known = this.#known.get(folder);
    if (known) return known;
    const made = new OverviewModel(new RemoteStore(this.#transport(), folder));
    this.#known.set(folder, made);
    return made;
  }

  /** The page of `tracker ui` on that folder. */
  pageUrl(folder: string, route: string): string {
    const page = URLExt.join(this.#settings.baseUrl, 'tracker');
    return `${page}?folder=${encodeURIComponent(folder)}${route && `#${route}`}`;
  }

  #transport(): Transport {
    const settings = this.#settings;
    const url = (path: string) => `${URLExt.join(settings.baseUrl, 'tracker')}/${path}`;
    return {
      url,
      fetch: (path, init) => ServerConnection.makeRequest(url(path), init, settings),
      socket: path => {
        const address = `${URLExt.join(settings.wsUrl, 'tracker')}/${path}`;
        const token = settings.token ? `&token=${encodeURIComponent(settings.token)}` : '';
        return new settings.WebSocket(address + token);
      },
    };
  }
}
