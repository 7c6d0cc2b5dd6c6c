/** Plots do not work in a shadow root, so every rule is held to `.trk-detail`. */
export const runStyle = /* css */ `
.trk-view.trk-detail { background: var(--trk-bg); border: 1px solid var(--trk-line); border-radius: 8px; margin: 2px 0; overflow: hidden; container-type: inline-size; position: relative; text-align: left; }
.trk-view.trk-detail *, .trk-view.trk-detail *::before { box-sizing: border-box; }
.trk-view.trk-detail [hidden] { display: none !important; }
.trk-view.trk-detail :focus-visible { outline: 2px solid var(--trk-accent); outline-offset: -2px; }
.trk-view.trk-detail[data-status="RUNNING"] { border-color: color-mix(in srgb, var(--trk-accent) 45%, var(--trk-line)); }
.trk-view.trk-detail[data-status="FAILED"] { border-color: color-mix(in srgb, var(--trk-bad) 45%, var(--trk-line)); }
.trk-view.trk-detail[data-status], .trk-view.trk-detail .trk-dot { --c: var(--trk-fg2); }
.trk-view.trk-detail[data-status="RUNNING"], .trk-view.trk-detail .trk-dot[data-status="RUNNING"] { --c: var(--trk-accent); }
.trk-view.trk-detail[data-status="FINISHED"], .trk-view.trk-detail .trk-dot[data-status="FINISHED"] { --c: var(--trk-ok); }
.trk-view.trk-detail[data-status="FAILED"], .trk-view.trk-detail .trk-dot[data-status="FAILED"] { --c: var(--trk-bad); }
.trk-view.trk-detail[data-status="KILLED"], .trk-view.trk-detail .trk-dot[data-status="KILLED"] { --c: var(--trk-warn); }
.trk-view.trk-detail .trk-head { display: flex; align-items: baseline; flex-wrap: wrap; gap: 4px 10px; padding: 10px 14px 8px; }
.trk-view.trk-detail .trk-title { flex: 1 1 240px; min-width: 0; display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 10px; }
.trk-view.trk-detail h2 { font: inherit; font-weight: 600; font-size: 1.18em; margin: 0; padding: 0; color: inherit; overflow-wrap: anywhere; letter-spacing: 0; line-height: 1.3; }
.trk-view.trk-detail h3 { font: inherit; font-weight: 600; margin: 0; padding: 0; color: inherit; letter-spacing: 0; }
.trk-view.trk-detail .trk-chip { flex: none; display: inline-flex; align-items: center; gap: 6px; border-radius: 999px; padding: 1px 9px 1px 7px; font-size: .86em; font-weight: 600; color: color-mix(in srgb, var(--c) 86%, var(--trk-fg)); background: color-mix(in srgb, var(--c) 12%, transparent); }
.trk-view.trk-detail .trk-chip::before, .trk-view.trk-detail .trk-dot { content: ''; width: 7px; height: 7px; border-radius: 50%; background: var(--c); display: inline-block; flex: none; }
.trk-view.trk-detail .trk-dim { color: var(--trk-fg2); font-size: .92em; overflow-wrap: anywhere; }
.trk-view.trk-detail .trk-tools { display: inline-flex; flex-wrap: wrap; gap: 4px; margin-left: auto; }
.trk-view.trk-detail .trk-act { font: inherit; font-size: .92em; color: var(--trk-fg2); background: none; border: 1px solid transparent; border-radius: 5px; padding: 1px 7px; margin: 0; cursor: pointer; text-decoration: none; line-height: 1.5; min-height: 0; height: auto; box-shadow: none; }
.trk-view.trk-detail .trk-act:hover:not(:disabled) { color: var(--trk-fg); background: var(--trk-tint2); }
.trk-view.trk-detail .trk-act:disabled { opacity: .45; cursor: default; }
.trk-view.trk-detail .trk-head .trk-act, .trk-view.trk-detail .trk-file .trk-act { border-color: var(--trk-line); }
.trk-view.trk-detail .trk-star { color: var(--trk-warn); }
.trk-view.trk-detail .trk-told:not(:empty) { position: absolute; right: 12px; bottom: 12px; z-index: 4; padding: 4px 12px; border-radius: 6px; border: 1px solid var(--trk-line); background: var(--trk-bg); box-shadow: 0 4px 16px rgb(0 0 0 / .18); max-width: 80%; }
.trk-view.trk-detail .trk-none, .trk-view.trk-detail .trk-said:not(:empty) { margin: 0; padding: 8px 0; color: var(--trk-fg2); overflow-wrap: anywhere; }
.trk-view.trk-detail > .trk-none { padding: 10px 14px; }
.trk-view.trk-detail .trk-said { margin: 0; }
.trk-view.trk-detail .trk-tabs { display: flex; gap: 2px; padding: 0 10px; border-bottom: 1px solid var(--trk-line); overflow-x: auto; scrollbar-width: thin; }
.trk-view.trk-detail .trk-tab { border: 0; background: none; font: inherit; color: var(--trk-fg2); padding: 5px 10px 6px; cursor: pointer; white-space: nowrap; border-bottom: 2px solid transparent; margin: 0 0 -1px; border-radius: 0; height: auto; }
.trk-view.trk-detail .trk-tab:hover { color: var(--trk-fg); }
.trk-view.trk-detail .trk-tab[aria-selected="true"] { color: var(--trk-fg); font-weight: 600; border-bottom-color: var(--trk-accent); }
.trk-view.trk-detail .trk-badge { margin-left: 5px; padding: 0 6px; border-radius: 999px; background: var(--trk-tint2); font-size: .82em; font-weight: 400; }
.trk-view.trk-detail .trk-sight { max-height: 640px; overflow: auto; scrollbar-width: thin; }
.trk-view.trk-detail .trk-panel { padding: 10px 14px 14px; }
.trk-view.trk-detail .trk-columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 14px 32px; align-items: start; }
.trk-view.trk-detail .trk-columns > * { min-width: 0; }
.trk-view.trk-detail .trk-heading { display: flex; align-items: center; flex-wrap: wrap; gap: 2px 8px; min-height: 26px; margin: 0 0 2px; }
.trk-view.trk-detail .trk-heading h3 { flex: 1 1 auto; }
.trk-view.trk-detail .trk-find { font: inherit; font-size: .92em; color: inherit; background: var(--trk-bg); border: 1px solid var(--trk-line); border-radius: 5px; padding: 1px 7px; margin: 0; width: 130px; height: auto; min-width: 0; box-shadow: none; }
.trk-view.trk-detail .trk-pairs dl, .trk-view.trk-detail .trk-dataset dl { margin: 0; padding: 0; max-height: 420px; overflow: auto; scrollbar-width: thin; }
.trk-view.trk-detail dl > div { display: grid; grid-template-columns: minmax(70px, 42%) 1fr; gap: 0 12px; padding: 2px 0; border-bottom: 1px solid var(--trk-tint2); }
.trk-view.trk-detail dt { margin: 0; width: auto; float: none; display: block; min-width: 0; padding: 0; font-weight: 400; color: var(--trk-fg2); overflow-wrap: anywhere; }
.trk-view.trk-detail dd { margin: 0; width: auto; float: none; display: block; min-width: 0; padding: 0; overflow-wrap: anywhere; white-space: pre-wrap; max-height: 8.7em; overflow: auto; scrollbar-width: thin; }
.trk-view.trk-detail .trk-number { font-variant-numeric: tabular-nums; }
.trk-view.trk-detail .trk-drop { padding: 0 6px; margin-left: 6px; }
.trk-view.trk-detail .trk-form { display: flex; flex-wrap: wrap; gap: 4px; margin: 6px 0 0; }
.trk-view.trk-detail .trk-area { font: inherit; color: inherit; background: var(--trk-bg); border: 1px solid var(--trk-line); border-radius: 5px; padding: 5px 8px; width: 100%; resize: vertical; }
.trk-view.trk-detail .trk-notes { margin: 0 0 10px; }
.trk-view.trk-detail .trk-notes > .trk-act { padding-left: 0; }
.trk-view.trk-detail .trk-notices { list-style: none; margin: 0; padding: 0; color: var(--trk-warn); }
.trk-view.trk-detail .trk-notices:not(:empty) { margin-bottom: 8px; }
.trk-view.trk-detail .trk-error { margin: 0 0 10px; padding: 5px 10px; border-left: 3px solid var(--trk-bad); background: color-mix(in srgb, var(--trk-bad) 7%, transparent); font-family: var(--trk-mono); font-size: 12px; overflow-wrap: anywhere; color: inherit; }
.trk-view.trk-detail .trk-runs { list-style: none; margin: 0; padding: 0; max-height: 320px; overflow: auto; }
.trk-view.trk-detail .trk-runs li { display: flex; align-items: baseline; gap: 8px; padding: 1px 0; margin: 0; }
.trk-view.trk-detail .trk-go { color: var(--trk-accent); padding-left: 0; text-align: left; overflow-wrap: anywhere; }
.trk-view.trk-detail .trk-bar { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 16px; padding: 0 0 8px; }
.trk-view.trk-detail .trk-field { display: inline-flex; align-items: center; gap: 7px; font-size: .92em; margin: 0; color: var(--trk-fg2); }
.trk-view.trk-detail .trk-field input { accent-color: var(--trk-accent); margin: 0; }
.trk-view.trk-detail .trk-range { width: 110px; }
.trk-view.trk-detail .trk-select { font: inherit; font-size: .92em; color: inherit; background: var(--trk-bg); border: 1px solid var(--trk-line); border-radius: 5px; padding: 2px 4px; margin: 0; height: auto; width: auto; }
.trk-view.trk-detail .trk-select option { background: var(--trk-bg); color: var(--trk-fg); }
.trk-view.trk-detail .trk-charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); gap: 12px 16px; align-items: start; }
.trk-view.trk-detail .trk-charts:empty { display: none; }
.trk-view.trk-detail .trk-singles { grid-template-columns: repeat(auto-fill, minmax(min(100%, 220px), 1fr)); gap: 2px 16px; margin-top: 8px; }
.trk-view.trk-detail .trk-figure { margin: 0; padding: 0; min-width: 0; }
.trk-view.trk-detail figcaption { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 8px; text-align: left; margin: 0; padding: 0; font-style: normal; color: inherit; }
.trk-view.trk-detail figcaption .trk-key { font-weight: 600; overflow-wrap: anywhere; }
.trk-view.trk-detail .trk-plot { height: 230px; min-width: 0; overflow: hidden; }
.trk-view.trk-detail .trk-plot.trk-large { height: 450px; }
.trk-view.trk-detail .spark { display: block; width: 100%; height: 120px; }
.trk-view.trk-detail .spark path { fill: none; vector-effect: non-scaling-stroke; stroke: var(--trk-accent); stroke-width: 1.5; stroke-linejoin: round; stroke-linecap: round; }
.trk-view.trk-detail .spark .dot { stroke-width: 5; }
.trk-view.trk-detail .trk-plot:has(.spark) { height: auto; }
.trk-view.trk-detail pre { margin: 0; padding: 8px 10px; border-radius: 5px; background: var(--trk-tint); font-family: var(--trk-mono); font-size: 12px; line-height: 1.45; color: inherit; overflow: auto; white-space: pre; tab-size: 4; max-height: 460px; border: 0; scrollbar-width: thin; }
.trk-view.trk-detail .trk-wraps { white-space: pre-wrap; overflow-wrap: anywhere; }
.trk-view.trk-detail pre + .trk-heading, .trk-view.trk-detail .trk-panel > section + section, .trk-view.trk-detail .trk-columns + .trk-columns, .trk-view.trk-detail .trk-columns + .trk-pairs { margin-top: 14px; }
.trk-view.trk-detail .trk-cell { display: grid; grid-template-columns: 3.4em minmax(0, 1fr); margin: 0 0 8px; }
.trk-view.trk-detail .trk-cell > div > * + * { margin-top: 4px; }
.trk-view.trk-detail .trk-cell img { max-width: 100%; }
.trk-view.trk-detail .trk-count { font-family: var(--trk-mono); font-size: 12px; padding-top: 8px; color: var(--trk-fg2); }
.trk-view.trk-detail .trk-files { display: grid; grid-template-columns: minmax(180px, 28%) minmax(0, 1fr); gap: 0 16px; align-items: start; }
.trk-view.trk-detail .trk-side { max-height: 600px; overflow: auto; scrollbar-width: thin; }
.trk-view.trk-detail .trk-tree, .trk-view.trk-detail .trk-tree ul { list-style: none; margin: 0; padding: 0; }
.trk-view.trk-detail .trk-tree ul { padding-left: 14px; }
.trk-view.trk-detail .trk-tree li { margin: 0; padding: 0; outline-offset: -2px; border-radius: 4px; }
.trk-view.trk-detail .trk-line { display: flex; align-items: baseline; gap: 8px; padding: 2px 6px; border-radius: 4px; cursor: pointer; }
.trk-view.trk-detail .trk-line::before { content: ''; flex: none; width: .8em; text-align: center; color: var(--trk-fg2); }
.trk-view.trk-detail [aria-expanded="false"] > .trk-line::before { content: '›'; }
.trk-view.trk-detail [aria-expanded="true"] > .trk-line::before { content: '⌄'; }
.trk-view.trk-detail .trk-line:hover { background: var(--trk-tint); }
.trk-view.trk-detail [aria-selected="true"] > .trk-line { background: var(--trk-tint2); }
.trk-view.trk-detail .trk-name { flex: 1 1 auto; overflow-wrap: anywhere; min-width: 0; }
.trk-view.trk-detail .trk-line .trk-dim { flex: none; font-variant-numeric: tabular-nums; white-space: nowrap; }
.trk-view.trk-detail .trk-preview { min-width: 0; }
.trk-view.trk-detail .trk-file { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 10px; padding: 0 0 8px; }
.trk-view.trk-detail .trk-path { font-weight: 600; overflow-wrap: anywhere; }
.trk-view.trk-detail .trk-media img, .trk-view.trk-detail .trk-media video { max-width: 100%; max-height: 560px; display: block; background: repeating-conic-gradient(#8882 0 25%, transparent 0 50%) 0 0 / 16px 16px; }
.trk-view.trk-detail .trk-media audio { width: 100%; }
.trk-view.trk-detail .trk-page { width: 100%; height: 480px; border: 1px solid var(--trk-line); border-radius: 5px; background: #fff; }
.trk-view.trk-detail .trk-rows { overflow: auto; max-height: 480px; border: 1px solid var(--trk-line); border-radius: 5px; scrollbar-width: thin; }
.trk-view.trk-detail table { border-collapse: separate; border-spacing: 0; font-size: .95em; margin: 0; color: inherit; }
.trk-view.trk-detail :is(th, td) { padding: 2px 10px; text-align: left; white-space: nowrap; border: 0; border-bottom: 1px solid var(--trk-tint2); max-width: 320px; overflow: hidden; text-overflow: ellipsis; font-weight: 400; vertical-align: baseline; background: var(--trk-bg); color: inherit; }
.trk-view.trk-detail td.trk-number { text-align: right; }
.trk-view.trk-detail thead th { position: sticky; top: 0; font-weight: 600; border-bottom: 1px solid var(--trk-line); }
.trk-view.trk-detail th .trk-act { color: inherit; font-weight: 600; padding: 0; }
.trk-view.trk-detail th small { color: var(--trk-fg2); font-weight: 400; margin-left: 6px; font-size: .85em; }
.trk-view.trk-detail th[aria-sort="ascending"] small::after { content: ' ↑'; color: var(--trk-accent); }
.trk-view.trk-detail th[aria-sort="descending"] small::after { content: ' ↓'; color: var(--trk-accent); }
.trk-view.trk-detail .trk-json, .trk-view.trk-detail .trk-json ul { list-style: none; margin: 0; padding: 0 0 0 16px; font-family: var(--trk-mono); font-size: 12px; }
.trk-view.trk-detail .trk-json { padding: 8px 10px; background: var(--trk-tint); border-radius: 5px; max-height: 520px; overflow: auto; }
.trk-view.trk-detail .trk-json li { margin: 0; overflow-wrap: anywhere; }
.trk-view.trk-detail .trk-json .trk-k { color: var(--trk-fg2); }
.trk-view.trk-detail .trk-json [data-type="number"] > :last-child, .trk-view.trk-detail .trk-json [data-type="boolean"] > :last-child { color: var(--trk-accent); }
.trk-view.trk-detail summary { cursor: pointer; }
.trk-view.trk-detail .trk-dataset { padding: 4px 0; border-bottom: 1px solid var(--trk-tint2); }
.trk-view.trk-detail .trk-dataset .trk-dim { margin-left: 10px; }
.trk-view.trk-detail code { font-family: var(--trk-mono); font-size: .92em; color: inherit; background: var(--trk-tint2); padding: 0 4px; border-radius: 3px; }
.trk-view.trk-detail .trk-md { overflow-wrap: anywhere; }
.trk-view.trk-detail .trk-md > :first-child { margin-top: 0; }
.trk-view.trk-detail .trk-md > * { margin: 6px 0; }
.trk-view.trk-detail .trk-md :is(h3, h4, h5, h6) { font: inherit; font-weight: 600; margin: 10px 0 4px; }
.trk-view.trk-detail .trk-md h3 { font-size: 1.12em; }
.trk-view.trk-detail .trk-md :is(ul, ol) { padding-left: 22px; }
.trk-view.trk-detail .trk-md li > p { margin: 0; }
.trk-view.trk-detail .trk-md a { color: var(--trk-accent); }
.trk-view.trk-detail .trk-md blockquote { margin-left: 0; padding: 0 0 0 12px; border-left: 3px solid var(--trk-line); color: var(--trk-fg2); }
.trk-view.trk-detail .trk-md hr { border: 0; border-top: 1px solid var(--trk-line); }
@container (max-width: 640px) { .trk-view.trk-detail .trk-files { grid-template-columns: minmax(0, 1fr); gap: 12px; } .trk-view.trk-detail .trk-side { max-height: 220px; } .trk-view.trk-detail .trk-cell { grid-template-columns: minmax(0, 1fr); } .trk-view.trk-detail .trk-count { padding: 0; } }
`;
