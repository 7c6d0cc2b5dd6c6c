/**
 * The run card. It is made once and changed in place, at most once a frame, so that nothing flickers, folds stay as
 * they are and a selection survives while values stream in.
 */
import { formatDuration, formatTime, statusText } from '../core/format';
import type { CardData, Dispose, Link, RunCard, Source } from '../core/types';
import { cardStyle } from '../style/card';
import { themeStyle } from '../style/theme';
import { folds, metrics, notices, origins, type Part, pairs, remarks } from './card_parts';
import { h, setText } from './dom';
import { copyText } from './table_dom';
import { followTheme } from './theme';

/** A saved card of a running cell may be about to become live: for so long it is not called stale. */
const FRESH = 5000;

/**
 * Draws the run of `source` into `root`; what comes back takes it away again. With `saved` nothing more will be heard
 * of the run: one that has not ended is shown as it was when it was saved. With `opened` the run can be asked for in
 * full; else its id gives the Python call that shows it so.
 */
export function card(
  root: HTMLElement,
  source: Source<CardData>,
  saved = false,
  opened: ((run: string) => void) | null = null,
): Dispose {
  const host = h('div', { class: 'trk-card', 'data-lm-suppress-shortcuts': 'true' });
  const shadow = host.attachShadow({ mode: 'open' });
  root.append(host);
  const title = heading(saved, opened);
  const parts: Part[] = [title, notices(), remarks(), noteLine(), pairs(), metrics(), origins(), folds()];
  const frame = h('article', { class: 'card' }, ...parts.map(part => part.node));
  shadow.append(h('style', {}, themeStyle + cardStyle), frame);

  let pending = 0;
  const draw = () => {
    pending = 0;
    const run = source.get('run');
    if (!run?.id) return;
    host.dataset['run'] = run.id;
    frame.dataset['status'] = run.status;
    frame.setAttribute('aria-label', `Run ${run.name}, ${statusText(run.status).toLowerCase()}`);
    for (const part of parts) part.update(run);
  };
  const stopSource = source.on('run', () => {
    pending ||= requestAnimationFrame(draw);
  });
  const stopLink = source.linked?.(link => title.linked(link));
  const stopTheme = followTheme(host);
  const ticking = setInterval(() => title.tick(), 500);
  draw();
  return () => {
    stopSource();
    stopLink?.();
    stopTheme();
    clearInterval(ticking);
    cancelAnimationFrame(pending);
    host.remove();
  };
}

function heading(
  saved: boolean,
  opened: ((run: string) => void) | null,
): Part & { tick(): void; linked(link: Link): void } {
  const status = h('span', { class: 'chip' });
  const name = h('span', { class: 'name', dir: 'auto' });
  const experiment = h('span', { class: 'experiment', dir: 'auto' });
  const id = h('button', { class: 'id', type: 'button' });
  const duration = h('span', { class: 'duration' });
  const node = h(
    'header',
    {},
    status,
    name,
    h('div', { class: 'title' }, name, experiment),
    h('span', { class: 'facts' }, id, duration),
  );
  let run: RunCard | null = null;
  let gone = false;
  const label = () => (opened ? 'Open' : (run?.id.slice(-8) ?? ''));
  id.addEventListener('click', async () => {
    if (!run) return;
    if (opened) opened(run.id);
    else setText(id, (await copyText(`tracker.show("${run.id}")`, node)) ? 'Copied' : label());
    window.setTimeout(() => setText(id, label()), 1500);
  });
  const tick = () => {
    if (!run) return;
    const running = run.status === 'RUNNING';
    const stale = running && (gone || (saved && Date.now() - run.started > FRESH));
    node.classList.toggle('stale', stale);
    status.title = stale && gone ? 'The kernel ended while this run was running: the run was killed with it.' : '';
    setText(status, stale ? (gone ? 'Kernel gone' : 'Was running when saved') : statusText(run.status));
    duration.hidden = stale;
    const end = run.ended ?? (run.status === 'RUNNING' ? Date.now() : run.started);
    setText(duration, formatDuration(Math.max(0, end - run.started) / 1000));
  };
  return {
    node,
    linked(link) {
      gone = link === 'gone';
      tick();
    },
    tick() {
      if (run?.status === 'RUNNING') tick();
    },
    update(now) {
      run = now;
      node.dataset['status'] = now.status;
      setText(name, now.name || now.id.slice(-8));
      setText(experiment, now.experiment);
      experiment.title = `Experiment ${now.experiment}`;
      if (id.textContent !== 'Copied') setText(id, label());
      id.title = `Run id ${now.id}\n${opened ? 'Shows the run in full' : 'Copies the call that shows the run in full'}`;
      id.setAttribute('aria-label', opened ? 'Open the run' : `Copy tracker.show of run ${now.id.slice(-8)}`);
      duration.title = `Started ${formatTime(now.started)}`;
      tick();
    },
  };
}

function noteLine(): Part {
  const node = h('p', { class: 'note', dir: 'auto' });
  return {
    node,
    update(run) {
      node.hidden = run.note === '';
      setText(node, run.note);
    },
  };
}
