export const cardStyle = /* css */ `
:host { display: block; container-type: inline-size; }
* { box-sizing: border-box; }
.card { border: 1px solid var(--trk-line); border-radius: 8px; background: var(--trk-bg); overflow: hidden; margin: 2px 0; }
.card[data-status="RUNNING"] { border-color: color-mix(in srgb, var(--trk-accent) 45%, var(--trk-line)); }
.card[data-status="FAILED"] { border-color: color-mix(in srgb, var(--trk-bad) 45%, var(--trk-line)); }
header { display: flex; align-items: baseline; gap: 4px 10px; padding: 9px 14px; }
.title { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 10px; flex: 1 1 auto; min-width: 0; }
.name { font-weight: 600; font-size: 1.08em; overflow-wrap: anywhere; min-width: 0; }
.experiment { color: var(--trk-fg2); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; max-width: 100%; }
.chip { flex: none; display: inline-flex; align-items: center; gap: 6px; border-radius: 999px; padding: 1px 9px 1px 7px; font-size: .86em; font-weight: 600; color: var(--c); background: color-mix(in srgb, var(--c) 12%, transparent); }
.chip::before { content: ''; width: 7px; height: 7px; border-radius: 50%; background: var(--c); }
[data-status] { --c: var(--trk-fg2); }
[data-status="RUNNING"] { --c: var(--trk-accent); }
[data-status="FINISHED"] { --c: var(--trk-ok); }
[data-status="FAILED"] { --c: var(--trk-bad); }
[data-status="KILLED"] { --c: var(--trk-warn); }
[data-status="RUNNING"] > .chip::before { animation: pulse 1.6s ease-in-out infinite; }
header.stale { --c: var(--trk-warn) !important; }
header.stale > .chip::before { animation: none; }
@keyframes pulse { 50% { opacity: .35; box-shadow: 0 0 0 4px color-mix(in srgb, var(--c) 22%, transparent); } }
@media (prefers-reduced-motion: reduce) { .chip::before { animation: none !important; } }
.facts { display: flex; flex: none; gap: 2px 12px; margin-left: auto; color: var(--trk-fg2); font-size: .92em; font-variant-numeric: tabular-nums; min-width: 0; }
.facts > span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; max-width: 100%; }
.id { font: inherit; font-family: var(--trk-mono); font-size: .95em; color: inherit; background: none; border: 0; border-radius: 4px; margin: 0; padding: 0 3px; cursor: pointer; }
.id:hover { background: var(--trk-tint2); color: var(--trk-fg); }
.note { margin: 0; padding: 0 14px 8px; color: var(--trk-fg2); white-space: pre-wrap; overflow-wrap: anywhere; }
.notices { margin: 0 0 8px; padding: 5px 14px; list-style: none; color: var(--trk-warn); background: color-mix(in srgb, var(--trk-warn) 10%, transparent); font-size: .92em; overflow-wrap: anywhere; }
.remarks, .origins { margin: 0 0 8px; padding: 0 14px; list-style: none; color: var(--trk-fg2); font-size: .92em; overflow-wrap: anywhere; }
.notices > li::before { content: '⚠'; margin-right: 7px; }
.pairs { display: flex; flex-wrap: wrap; gap: 5px 6px; padding: 2px 14px 10px; margin: 0; list-style: none; }
.pairs > li, .more { display: inline-flex; max-width: min(100%, 340px); border-radius: 5px; background: var(--trk-tint); font-size: .92em; overflow: hidden; white-space: nowrap; }
.pairs .k { padding: 1px 1px 1px 7px; color: var(--trk-fg2); overflow: hidden; text-overflow: ellipsis; flex: none; max-width: min(204px, 55cqi); }
.pairs .v::before { content: '='; margin: 0 3px 0 2px; color: var(--trk-fg2); font-family: var(--trk-font); }
.pairs .v { padding: 1px 7px 1px 0; font-family: var(--trk-mono); font-size: .95em; overflow: hidden; text-overflow: ellipsis; flex: 0 1 auto; min-width: 0; }
.pairs .tag { background: none; box-shadow: inset 0 0 0 1px var(--trk-line); }
.more { border: 0; padding: 1px 8px; color: var(--trk-accent); font: inherit; font-size: .92em; cursor: pointer; }
.more:hover { background: var(--trk-tint2); }
.metrics { display: grid; grid-template-columns: repeat(auto-fill, minmax(168px, 1fr)); margin: 0; padding: 0; list-style: none; border-top: 1px solid var(--trk-line); overflow: hidden; }
.metrics:not(:empty) + .folds { border-top: 1px solid var(--trk-line); }
.tile { padding: 8px 14px 9px; min-width: 0; }
.tile .k { text-align: left; color: var(--trk-fg2); font-size: .9em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.tile .now { display: flex; align-items: baseline; gap: 8px; }
.tile .v { font-size: 1.5em; line-height: 1.25; font-weight: 600; font-variant-numeric: tabular-nums; letter-spacing: -.01em; }
.tile.flat::after { content: ''; display: none; height: 31px; background: linear-gradient(var(--trk-tint2), var(--trk-tint2)) 0 calc(100% - 2px) / 100% 1.5px no-repeat; }
.metrics:has(.tile:not(.flat)) .tile.flat::after { display: block; }
.tile .step { margin-left: auto; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--trk-fg2); font-size: .85em; font-variant-numeric: tabular-nums; }
.spark { display: block; width: 100%; height: 28px; margin-top: 3px; overflow: visible; }
.spark path { fill: none; vector-effect: non-scaling-stroke; stroke: var(--trk-accent); stroke-width: 1.5; stroke-linejoin: round; stroke-linecap: round; }
.spark .dot { stroke-width: 5; }
details + details { border-top: 1px solid var(--trk-line); }
summary { padding: 6px 14px; cursor: pointer; color: var(--trk-fg2); font-size: .92em; list-style: none; display: flex; gap: 8px; align-items: baseline; user-select: none; }
summary::-webkit-details-marker { display: none; }
summary::before { content: '›'; font-weight: 700; transition: transform .12s; display: inline-block; width: .7em; text-align: center; }
details[open] > summary::before { transform: rotate(90deg); }
summary:hover { background: var(--trk-tint); color: var(--trk-fg); }
summary .count { margin-left: auto; opacity: .85; flex: none; }
summary .gist { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; font-family: var(--trk-mono); font-size: .96em; color: var(--trk-fg); }
details[open] > summary .gist { visibility: hidden; }
:focus-visible { outline: 2px solid var(--trk-accent); outline-offset: -2px; }
pre { margin: 0; padding: 4px 14px 12px; max-height: 340px; overflow: auto; font-family: var(--trk-mono); font-size: 12px; line-height: 1.45; white-space: pre; tab-size: 4; }
.output pre { white-space: pre-wrap; overflow-wrap: anywhere; }
.traceback > summary { color: var(--trk-bad); }
.files { margin: 0; padding: 2px 14px 10px; list-style: none; font-size: .92em; max-height: 300px; overflow: auto; }
.files > li { display: flex; gap: 12px; padding: 1px 0; }
.files .path { font-family: var(--trk-mono); overflow-wrap: anywhere; }
.files .size { margin-left: auto; color: var(--trk-fg2); white-space: nowrap; font-variant-numeric: tabular-nums; }
[hidden] { display: none !important; }
@container (max-width: 480px) { header { flex-wrap: wrap; } .title { display: contents; } .name { flex: 1 1 0; min-width: 55%; } .experiment { max-width: calc(100% - 150px); } .facts { margin-left: 0; } .metrics { grid-template-columns: repeat(auto-fill, minmax(132px, 1fr)); } .tile { padding: 7px 11px 8px; } header, .pairs { padding-left: 11px; padding-right: 11px; } }
`;
