/** The page that stands alone: the panel at the side, the workbench beside it. */
import type { PlotlyLike } from '../plot/plotly';
import { OverviewModel } from '../remote/overview';
import { RemoteStore, type Transport } from '../remote/store';
import { bench } from '../view/bench';
import { type PanelView, panel } from '../view/panel';
import { routeOf, routeText } from '../view/route';

const root = document.getElementById('tracker')!;
const base = `${root.dataset['base'] ?? '/'}tracker/`;

function cookie(name: string): string {
  const found = document.cookie.split('; ').find(each => each.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : '';
}

const transport: Transport = {
  fetch: (path, init) =>
    fetch(base + path, { ...init, credentials: 'same-origin', headers: { 'X-XSRFToken': cookie('_xsrf') } }),
  socket: path => new WebSocket(new URL(base + path, location.href.replace(/^http/, 'ws'))),
  url: path => base + path,
};

async function plotly(): Promise<PlotlyLike> {
  const address = `${base}static/plotly.js`;
  return ((await import(address)) as { readonly default: PlotlyLike }).default;
}

const { searchParams } = new URL(location.href);
const overview = new OverviewModel(new RemoteStore(transport, searchParams.get('folder') ?? ''));
const aside = document.createElement('aside');
let side: PanelView | null = null;
const main = document.createElement('div');
main.className = 'main';
root.append(aside, main);
if (searchParams.has('token')) {
  searchParams.delete('token');
  const query = searchParams.size > 0 ? `?${searchParams}` : '';
  history.replaceState(null, '', `${location.pathname}${query}${location.hash}`);
}

const work = bench(
  main,
  {
    overview,
    plotly,
    shown(route, title) {
      side?.mark(route);
      document.title = title ? `${title} · tracker` : 'tracker';
      const hash = routeText(route);
      if (hash === location.hash.slice(1)) return;
      history.pushState(null, '', hash ? `#${hash}` : `${location.pathname}${location.search}`);
    },
  },
  routeOf(location.hash.slice(1)),
);
side = panel(aside, overview, route => work.go(route));
side.mark(work.route);
for (const kind of ['popstate', 'hashchange']) {
  window.addEventListener(kind, () => {
    if (routeText(work.route) !== location.hash.slice(1)) work.go(routeOf(location.hash.slice(1)));
  });
}
