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
tr.best td { font-weight: 650; }
tr[data-status="FAILED"] td, tr[data-status="KILLED"] td { color: var(--trk-fg2); }
tr[data-status="FAILED"] td:first-child { color: var(--trk-bad); }
tr[data-status="RUNNING"] td:first-child { color: var(--trk-accent); }
td button { padding: 0 6px; font-size: .92em; }
`;
