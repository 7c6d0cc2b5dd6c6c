/** What a sweep and the trainer have beside the registry's style: progress, chart, grid. */
export const sweepStyle = /* css */ `
.about-line { color: var(--trk-fg2); font-variant-numeric: tabular-nums; }
.progress { display: flex; height: 4px; background: var(--trk-tint2); }
.progress[hidden] { display: none; }
.progress > * { transition: width .3s; }
.done { background: var(--trk-accent); }
.failed { background: var(--trk-bad); }
.chart { display: block; width: 320px; max-width: 100%; height: 56px; margin: 2px 0 8px; }
.chart path { fill: none; stroke: var(--trk-accent); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.chart circle { fill: var(--trk-fg2); opacity: .7; }
.bar[hidden] { display: none; }
td { max-width: 24em; overflow: hidden; text-overflow: ellipsis; }
tr.best td { font-weight: 650; }
tr[data-status="FAILED"] td, tr[data-status="KILLED"] td { color: var(--trk-fg2); }
tr[data-status="FAILED"] td:first-child { color: var(--trk-bad); }
tr[data-status="RUNNING"] td:first-child { color: var(--trk-accent); }
td button { padding: 0 6px; font-size: .92em; }
.folds { width: 4.5em; }
button.main { background: var(--trk-accent); border-color: var(--trk-accent); color: var(--trk-bg); padding: 2px 14px; }
input.name { width: 14em; max-width: 32vw; }
input.values { width: 26em; max-width: 44vw; }
.python { padding: 4px 14px 10px; }
.python summary { cursor: pointer; color: var(--trk-fg2); }
.trainer > * + * { margin-top: 6px; }
code { font-family: var(--trk-mono); overflow-wrap: anywhere; }
`;
