/** The workbench and the panel beside it. */
export const benchStyle = /* css */ `
.trk-bench { display: flex; flex-direction: column; height: 100%; min-height: 0; background: var(--trk-bg); color: var(--trk-fg); font-family: var(--trk-font); font-size: 13px; }
.trk-bench [hidden] { display: none !important; }
.trk-bench-bar { flex: none; display: flex; flex-wrap: wrap; align-items: center; gap: 6px 8px; padding: 8px 12px 0; min-height: 36px; box-sizing: border-box; }
.trk-bench-bar button, .trk-bench-bar select { font: inherit; height: 28px; padding: 0 10px; border: 1px solid var(--trk-line); border-radius: 5px; background: none; color: var(--trk-fg); cursor: pointer; max-width: 40ch; box-sizing: border-box; }
.trk-bench-bar select { background: var(--trk-bg); text-overflow: ellipsis; }
.trk-bench-bar button:hover { background: var(--trk-tint2); }
.trk-bench-bar button:focus-visible, .trk-bench-bar select:focus-visible { outline: 2px solid var(--trk-accent); outline-offset: 1px; }
.trk-bench-bar button.main { border-color: transparent; background: color-mix(in srgb, var(--trk-accent) 16%, transparent); font-weight: 600; }
.trk-bench-bar button[disabled] { opacity: .5; cursor: default; }
.trk-bench-title { font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; max-width: 60ch; }
.trk-bench-where { margin-left: auto; color: var(--trk-fg2); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; direction: rtl; max-width: 40ch; }
.trk-bench-said { flex: none; margin: 8px 12px 0; padding: 6px 10px; border-radius: 5px; background: color-mix(in srgb, var(--trk-warn) 14%, transparent); overflow-wrap: anywhere; }
.trk-bench-body { flex: 1 1 auto; min-height: 0; overflow: auto; padding: 8px 12px 12px; }
.trk-bench-body.fill { overflow: hidden; }
.trk-bench-body.fill > * { height: 100%; }
`;

export const panelStyle = /* css */ `
:host { display: block; height: 100%; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.panel { height: 100%; display: flex; flex-direction: column; background: var(--trk-bg); color: var(--trk-fg); overflow: hidden; }
.find { flex: none; margin: 8px; height: 28px; padding: 0 9px; font: inherit; color: var(--trk-fg); background: var(--trk-bg); border: 1px solid var(--trk-line); border-radius: 5px; }
.find::placeholder { color: var(--trk-fg2); opacity: 1; }
.find:focus-visible, button:focus-visible { outline: 2px solid var(--trk-accent); outline-offset: -2px; }
.said { flex: none; margin: 0 8px 8px; padding: 6px 9px; border-radius: 5px; background: color-mix(in srgb, var(--trk-warn) 14%, transparent); overflow-wrap: anywhere; }
.lists { flex: 1 1 auto; overflow: auto; min-height: 0; padding-bottom: 12px; }
h3 { display: flex; align-items: baseline; gap: 8px; margin: 10px 10px 3px; font-size: .85em; font-weight: 600; letter-spacing: .04em; text-transform: uppercase; color: var(--trk-fg2); }
h3 > button { margin-left: auto; width: auto; padding: 0 4px; color: var(--trk-accent); text-transform: none; letter-spacing: 0; font-weight: 400; font-size: 1.1em; }
ul { list-style: none; margin: 0; padding: 0; }
button { display: flex; align-items: baseline; gap: 8px; width: 100%; padding: 4px 10px; border: 0; background: none; color: inherit; font: inherit; text-align: left; cursor: pointer; }
li { display: flex; align-items: baseline; cursor: pointer; }
li:hover { background: var(--trk-tint2); }
li > button { flex: 1 1 0; width: 0; min-width: 0; }
li:has(> button[aria-current=true]) { background: color-mix(in srgb, var(--trk-accent) 14%, transparent); }
.name { flex: 1 1 auto; min-width: 3ch; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.more { flex: none; padding-right: 10px; color: var(--trk-fg2); font-size: .92em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; max-width: 45%; font-variant-numeric: tabular-nums; }
.dot { flex: none; align-self: center; width: 8px; height: 8px; border-radius: 50%; background: var(--c, var(--trk-fg2)); }
[data-status="RUNNING"] { --c: var(--trk-accent); }
[data-status="FINISHED"] { --c: var(--trk-ok); }
[data-status="FAILED"] { --c: var(--trk-bad); }
[data-status="KILLED"] { --c: var(--trk-warn); }
[data-status="RUNNING"] .dot { animation: pulse 1.6s ease-in-out infinite; }
@keyframes pulse { 50% { opacity: .35; } }
@media (prefers-reduced-motion: reduce) { .dot { animation: none !important; } }
.none { margin: 3px 10px; color: var(--trk-fg2); }
code { font-family: var(--trk-mono); font-size: .95em; }
`;
