/** The style of the registry, and of the forms and small tables that look like it: playground, sweep, trainer. */
export const registryStyle = /* css */ `
:host { display: block; container-type: inline-size; }
* { box-sizing: border-box; }
.registry { border: 1px solid var(--trk-line); border-radius: 8px; background: var(--trk-bg); overflow: hidden; margin: 2px 0; }
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 12px; padding: 8px 14px; border-bottom: 1px solid var(--trk-line); }
.bar b { font-weight: 600; }
.said { flex: 1 1 auto; color: var(--trk-fg2); min-width: 0; overflow-wrap: anywhere; }
.said[data-bad] { color: var(--trk-bad); }
input, select, button { font: inherit; color: inherit; background: var(--trk-bg); border: 1px solid var(--trk-line); border-radius: 4px; padding: 2px 7px; }
button { cursor: pointer; }
button:hover { background: var(--trk-tint); }
button:disabled { cursor: default; opacity: .5; }
:focus-visible { outline: 2px solid var(--trk-accent); outline-offset: 1px; }
.model { padding: 8px 14px 12px; }
.model + .model { border-top: 1px solid var(--trk-line); }
h3 { margin: 0 0 2px; font-size: 1.05em; font-weight: 600; overflow-wrap: anywhere; }
.about { color: var(--trk-fg2); margin: 0 0 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 3px 14px 3px 0; white-space: nowrap; border: 0; background: none; color: inherit; vertical-align: middle; }
th { color: var(--trk-fg2); font-weight: 500; font-size: .92em; }
td.number { text-align: right; }
td.best { font-weight: 650; }
.alias { display: inline-flex; align-items: center; gap: 2px; margin-right: 5px; padding: 0 3px 0 8px; border-radius: 999px; background: var(--trk-tint2); font-size: .92em; }
.alias button { border: 0; background: none; padding: 0 4px; border-radius: 50%; color: var(--trk-fg2); }
.stage { font-weight: 600; color: var(--trk-fg2); }
.stage[data-stage="Production"] { color: var(--trk-ok); }
.stage[data-stage="Staging"] { color: var(--trk-warn); }
.alias-add { width: 7em; }
pre { margin: 6px 0 0; padding: 8px 12px; border-radius: 5px; background: var(--trk-tint); font-family: var(--trk-mono); overflow-x: auto; user-select: all; }
.none { padding: 14px; color: var(--trk-fg2); }
`;
