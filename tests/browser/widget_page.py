"""A page that shows our widgets as a front end does, with their Python halves in this process.

Real widgets over a comm of our own, real modules, a real browser; only Jupyter is not there, so that a flow takes
milliseconds and can be looked into from both ends. Buffers go by HTTP, messages by Playwright's bindings.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import comm
from comm.base_comm import BaseComm, CommManager
from playwright.sync_api import Browser, Page

import tracker
from tracker.notebook.widgets import PlotlyAsset, RunAsset

STATIC = Path(tracker.__file__).parent / "static"
MODULES = {
    "TableWidget": "table", "CompareWidget": "compare", "LiveCard": "card", "RunWidget": "run",
    "RegistryWidget": "registry", "PlaygroundWidget": "playground",
    "SweepWidget": "sweep", "TrainerWidget": "trainer",
}  # fmt: skip
HTML = """<!doctype html><meta charset="utf-8"><title>tracker</title>
<style>body{margin:16px;font-family:system-ui;background:#fff;color:#1f2328}
body.dark{background:#111;color:#e6e8eb}</style><main></main>
<script type="module">
const models = new Map();
window.trkModels = models;
const read = async message => ({ ...message, buffers: await Promise.all((message.buffers ?? []).map(async url =>
  new DataView(await (await fetch(url)).arrayBuffer()))) });
const put = (state, paths, buffers) => paths.forEach((path, i) => { state[path[0]] = buffers[i]; });
class Model {
  constructor(id) { this.id = id; this.state = {}; this.heard = new Map(); this.dirty = new Set(); }
  get(key) { return this.state[key]; }
  set(key, value) { this.state[key] = value; this.dirty.add(key); this.tell('change:' + key); }
  save_changes() {
    const state = Object.fromEntries([...this.dirty].map(key => [key, this.state[key]]));
    this.dirty.clear();
    window.trkCount = (window.trkCount ?? 0) + 1;
    void this.post({ method: 'update', state, buffer_paths: [] });
  }
  send(content) { void this.post({ method: 'custom', content }); }
  async post(data) {
    if (window.trkBusy) await window.trkBusy;
    await Promise.all((await window.trkSend(this.id, data)).map(window.trkDeliver));
  }
  on(name, callback) { this.heard.set(name, [...(this.heard.get(name) ?? []), callback]); }
  off(name, callback) { this.heard.set(name, (this.heard.get(name) ?? []).filter(each => each !== callback)); }
  tell(name, ...values) { for (const callback of this.heard.get(name) ?? []) callback(...values); }
}
// As in a front end, none overtakes another, though its buffers be slow to come.
let last = Promise.resolve();
window.trkDeliver = raw => {
  const taken = last.then(() => take(raw));
  last = taken.catch(() => {});
  return taken;
};
const take = async raw => {
  const { id, kind, data, buffers } = await read(raw);
  if (kind === 'open') models.set(id, new Model(id));
  const model = models.get(id);
  // What this page said itself comes back when it may have gone on: a front end passes over it.
  if (!model || data.method === 'echo_update') return;
  if (kind === 'close') model.tell('comm:close');
  else if (data.method === 'custom') model.tell('msg:custom', data.content, buffers);
  else if (data.state) {
    put(data.state, data.buffer_paths ?? [], buffers);
    Object.assign(model.state, data.state);
    if (kind !== 'open') for (const key of Object.keys(data.state)) model.tell('change:' + key);
  }
};
const widget = async id => (await import('/' + id + '.js')).default;
const exported = new Map();
const held = model => {
  const load = async () => {
    const address = URL.createObjectURL(new Blob([model.get('_esm')], { type: 'text/javascript' }));
    return (await import(address)).default.initialize({ model });
  };
  if (!exported.has(model)) exported.set(model, load());
  return exported.get(model);
};
window.trkPlotly = async () => (await held([...models.values()].find(model => model.get('source')))).load();
window.trkShow = async (id, module) => {
  const model = models.get(id);
  const el = document.createElement('div');
  document.querySelector('main').append(el);
  const host = { getWidget: async name => ({ exports: await held(models.get(name.replace('anywidget:', ''))) }) };
  const made = await widget(module);
  for (const key of ['runs', 'curves']) model.get(key);
  performance.mark('arrived');
  await made.render({ model, el, host });
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  performance.mark('painted');
  return performance.measure('first paint', 'arrived', 'painted').duration;
};
</script>"""


class _Comm(BaseComm):
    home: WidgetPages

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **keys: Any
    ) -> None:
        self.home.queue(self.comm_id, msg_type, data or {}, buffers or [])


class WidgetPages:
    """The server of modules and buffers, and what waits to be delivered to the page."""

    def __init__(self) -> None:
        self._buffers: dict[str, bytes] = {}
        self._waiting: list[dict[str, Any]] = []
        self.opened: dict[str, dict[str, Any]] = {}
        """What a page that is loaded again is told first: the widgets that are there."""
        self._manager = CommManager()
        pages = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.lstrip("/")
                if name == "":
                    body, kind = HTML.encode(), "text/html"
                elif name in pages._buffers:
                    body, kind = pages._buffers[name], "application/octet-stream"
                elif name.endswith(".js") and (STATIC / Path(name).name).exists():
                    body, kind = (STATIC / Path(name).name).read_bytes(), "text/javascript"
                else:
                    body, kind = b"", "text/plain"
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def create_comm(self, *args: Any, **keys: Any) -> _Comm:
        _Comm.home = self
        made = _Comm(*args, **keys)
        return made

    def queue(self, comm_id: str, kind: str, data: dict[str, Any], buffers: list[Any]) -> None:
        urls = []
        for buffer in buffers:
            name = f"buffer/{len(self._buffers)}"
            self._buffers[name] = bytes(buffer)
            urls.append(self.url + name)
        message = {"id": comm_id, "kind": kind.removeprefix("comm_"), "data": data, "buffers": urls}
        if kind == "comm_open":
            self.opened[comm_id] = message
        elif kind == "comm_close":
            self.opened.pop(comm_id, None)
        self._waiting.append(message)

    def taken(self) -> list[dict[str, Any]]:
        waiting, self._waiting = self._waiting, []
        return waiting

    def heard(self, comm_id: str, data: dict[str, Any]) -> list[dict[str, Any]]:
        """A message from the page: handled as a kernel does; what it gives rise to goes back."""
        made = self._manager.comms.get(comm_id)
        if made is not None:
            made.handle_msg({"content": {"data": data}, "buffers": []})
        return self.taken()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class WidgetPage:
    """One page; `show` puts a display's widget into it."""

    def __init__(self, pages: WidgetPages, page: Page) -> None:
        self.pages, self.page = pages, page
        page.expose_binding("trkSend", lambda _source, comm_id, data: pages.heard(comm_id, data))
        page.goto(pages.url)
        page.wait_for_function("() => Boolean(window.trkShow)")

    def deliver(self) -> None:
        """Takes to the page what Python said since."""
        for message in self.pages.taken():
            self.page.evaluate("message => window.trkDeliver(message)", message)

    def show(self, display: Any) -> float:
        """Shows it; gives the ms from the data's arrival to the first paint."""
        widget = display.widget
        self.deliver()
        module = MODULES[type(widget).__name__]
        took: float = self.page.evaluate("([id, module]) => window.trkShow(id, module)", [widget.comm.comm_id, module])
        return took

    def reload(self) -> None:
        """Loads the page again; it knows the widgets that are there, as a front end asks the kernel for them."""
        self.deliver()
        self.page.reload()
        self.page.wait_for_function("() => Boolean(window.trkShow)")
        for message in self.pages.opened.values():
            self.page.evaluate("message => window.trkDeliver(message)", message)

    def busy(self) -> None:
        """The kernel answers nothing, until `idle`."""
        self.page.evaluate("() => { window.trkBusy = new Promise(done => { window.trkIdle = done; }); }")

    def idle(self) -> None:
        self.page.evaluate("() => { window.trkIdle(); window.trkBusy = null; }")


@contextmanager
def widget_pages() -> Iterator[WidgetPages]:
    """Widgets made inside are shown by a WidgetPage."""
    before = comm.create_comm, comm.get_comm_manager
    PlotlyAsset._shared = RunAsset._shared = None  # an earlier page's
    pages = WidgetPages()
    comm.create_comm = pages.create_comm
    comm.get_comm_manager = lambda: pages._manager
    try:
        yield pages
    finally:
        comm.create_comm, comm.get_comm_manager = before
        pages.close()


@contextmanager
def widget_page(browser: Browser, width: int = 1200, height: int = 800, **options: Any) -> Iterator[WidgetPage]:
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    try:
        with widget_pages() as pages:
            yield WidgetPage(pages, context.new_page())
    finally:
        context.close()
