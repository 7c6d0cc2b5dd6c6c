/** Plots do not work in a shadow root, so every rule is held to `.trk-compare`. */
export const compareStyle = /* css */ `
.trk-compare { background: var(--trk-bg); border: 1px solid var(--trk-line); border-radius: 8px; margin: 2px 0; overflow: hidden; container-type: inline-size; }
.trk-compare *, .trk-compare *::before { box-sizing: border-box; }
.trk-compare [hidden] { display: none !important; }
.trk-compare .trk-head { display: flex; flex-wrap: wrap; gap: 2px 10px; align-items: baseline; padding: 9px 14px 4px; }
.trk-compare .trk-title { font-weight: 600; font-size: 1.08em; overflow-wrap: anywhere; }
.trk-compare .trk-dim { color: var(--trk-fg2); font-size: .92em; }
.trk-compare .trk-legend { display: flex; flex-wrap: wrap; gap: 2px 4px; padding: 2px 10px 8px; max-height: 92px; overflow: auto; scrollbar-width: thin; }
.trk-compare .trk-run { display: inline-flex; align-items: center; gap: 6px; max-width: 260px; border: 0; background: none; border-radius: 5px; padding: 1px 6px; font: inherit; font-size: .92em; color: inherit; cursor: pointer; }
.trk-compare .trk-run:hover { background: var(--trk-tint2); }
.trk-compare .trk-run > span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.trk-compare .trk-run[aria-pressed="false"] { color: var(--trk-fg2); text-decoration: line-through; opacity: .65; }
.trk-compare .trk-run .trk-swatch { background: var(--run); width: 16px; height: 4px; border-radius: 2px; }
.trk-compare .trk-run[data-dash="dash"] .trk-swatch { background: linear-gradient(90deg, var(--run) 65%, transparent 65%) 0 0 / 8px; }
.trk-compare .trk-run[data-dash="dot"] .trk-swatch { background: linear-gradient(90deg, var(--run) 50%, transparent 50%) 0 0 / 4px; }
.trk-compare .trk-run[data-dash="dashdot"] .trk-swatch { background: linear-gradient(90deg, var(--run) 55%, transparent 55% 70%, var(--run) 70% 85%, transparent 85%) 0 0 / 11px; }
.trk-compare .trk-run[aria-pressed="false"] .trk-swatch { opacity: .35; }
.trk-compare .trk-swatch { flex: none; display: inline-block; width: 10px; height: 10px; border-radius: 3px; }
.trk-compare .trk-tabs { display: flex; gap: 2px; padding: 0 10px; border-bottom: 1px solid var(--trk-line); overflow-x: auto; }
.trk-compare .trk-tab { border: 0; background: none; font: inherit; color: var(--trk-fg2); padding: 5px 10px 6px; cursor: pointer; white-space: nowrap; border-bottom: 2px solid transparent; margin-bottom: -1px; }
.trk-compare .trk-tab:hover { color: var(--trk-fg); }
.trk-compare .trk-tab[aria-selected="true"] { color: var(--trk-fg); font-weight: 600; border-bottom-color: var(--trk-accent); }
.trk-compare :focus-visible { outline: 2px solid var(--trk-accent); outline-offset: -2px; }
.trk-compare .trk-bar { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 20px; padding: 9px 14px; min-height: 20px; }
.trk-compare .trk-bar:empty { display: none; }
.trk-compare .trk-field { display: inline-flex; align-items: center; gap: 7px; font-size: .92em; margin: 0; cursor: pointer; min-width: 0; }
.trk-compare .trk-field > span { color: var(--trk-fg2); white-space: nowrap; }
.trk-compare .trk-field output { font-variant-numeric: tabular-nums; min-width: 3.2ch; }
.trk-compare .trk-field input { accent-color: var(--trk-accent); margin: 0; }
.trk-compare .trk-range { width: 120px; }
.trk-compare .trk-select { font: inherit; font-size: 1em; color: inherit; background: var(--trk-bg); border: 1px solid var(--trk-line); border-radius: 5px; padding: 2px 4px; max-width: 240px; min-width: 0; }
.trk-compare .trk-select option { background: var(--trk-bg); color: var(--trk-fg); }
.trk-compare .trk-grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); gap: 12px 14px; padding: 4px 14px 12px; }
.trk-compare .trk-grid[data-size=small] { grid-template-columns: repeat(auto-fill, minmax(min(100%, 220px), 1fr)); }
.trk-compare .trk-grid[data-size=large] { grid-template-columns: repeat(auto-fill, minmax(min(100%, 520px), 1fr)); }
.trk-compare .trk-span { grid-column: 1 / -1; }
.trk-compare .trk-grid:empty { display: none; }
.trk-compare .trk-single { padding-top: 10px; grid-template-columns: repeat(auto-fill, minmax(min(100%, 330px), 1fr)); }
.trk-compare .trk-figure { margin: 0; min-width: 0; }
.trk-compare .trk-told:not(:empty) { margin-left: auto; padding: 1px 8px; border-radius: 5px; background: var(--trk-tint2); font-size: .92em; }
.trk-compare .trk-lit { background: var(--trk-tint2); }
.trk-compare .trk-tools { display: inline-flex; gap: 2px; margin-left: auto; opacity: 0; }
.trk-compare .trk-bar > .trk-tools, .trk-compare :is(figure:hover, :focus-within) > figcaption .trk-tools, .trk-compare figcaption:focus-within .trk-tools { opacity: 1; }
.trk-compare .trk-tool { border: 0; background: none; font: inherit; font-size: 11.5px; font-weight: 500; color: var(--trk-fg2); padding: 0 5px; border-radius: 4px; cursor: pointer; }
.trk-compare .trk-tool:hover { color: var(--trk-fg); background: var(--trk-tint2); }
.trk-compare .trk-figure figcaption { display: flex; gap: 8px; align-items: baseline; }
.trk-compare .trk-figure figcaption > span:first-child { overflow: hidden; text-overflow: ellipsis; }
.trk-compare .trk-figure figcaption { font-weight: 600; font-size: .95em; color: var(--trk-fg); text-align: left; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; margin: 0 0 2px; padding: 0; }
.trk-compare .trk-plot { height: 230px; min-width: 0; overflow: hidden; }
.trk-compare .trk-plot.trk-wide { height: 400px; margin: 0 8px 8px; }
.trk-compare .trk-dots { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: fit-content(40%) 1fr auto; gap: 0 10px; font-size: .92em; max-height: 330px; overflow: auto; }
.trk-compare .trk-dots > li { display: grid; grid-column: 1 / -1; grid-template-columns: subgrid; align-items: center; min-height: 22px; margin: 0; }
.trk-compare .trk-dots-name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--trk-fg2); }
.trk-compare .trk-dots-line { position: relative; height: 2px; background: var(--trk-tint2); border-radius: 1px; }
.trk-compare .trk-dots-line::before { content: ''; position: absolute; inset: 0 auto 0 0; width: var(--at); background: color-mix(in srgb, var(--run) 55%, transparent); }
.trk-compare .trk-dots-line > i { position: absolute; left: var(--at); top: 50%; width: 10px; height: 10px; margin: -5px; border-radius: 50%; background: var(--run); }
.trk-compare .trk-dots-value { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.trk-compare .trk-dots .trk-best .trk-dots-name { color: var(--trk-fg); font-weight: 600; }
.trk-compare .trk-best { font-weight: 600; }
.trk-compare .trk-dots .trk-best .trk-dots-value::before, .trk-compare td.trk-best::after { content: '★'; color: var(--trk-ok); font-size: .85em; }
.trk-compare .trk-dots .trk-best .trk-dots-value::before { margin-right: 5px; }
.trk-compare td.trk-best::after { margin-left: 5px; }
.trk-compare .trk-empty { margin: 0; padding: 22px 14px; color: var(--trk-fg2); text-align: center; }
.trk-compare .trk-parallel-frame { padding: 0 4px 8px; }
.trk-compare .trk-parallel { position: relative; overflow-x: auto; overflow-y: hidden; }
.trk-compare .trk-parallel-svg { display: block; font-family: var(--trk-font); }
.trk-compare .trk-run-line path { fill: none; stroke-linejoin: round; }
.trk-compare .trk-hit { stroke: transparent; stroke-width: 9; pointer-events: stroke; }
.trk-compare .trk-ink { stroke-width: 1.7; opacity: var(--ink, .85); pointer-events: none; }
.trk-compare .trk-lines:hover .trk-run-line:not(:hover) .trk-ink { opacity: .16; }
.trk-compare .trk-run-line:hover .trk-ink { stroke-width: 3; opacity: 1; }
.trk-compare .trk-pointing .trk-run-line:not(.trk-on) .trk-ink { opacity: .16; }
.trk-compare .trk-pointing .trk-run-line.trk-on .trk-ink { stroke-width: 3; opacity: 1; }
.trk-compare .trk-zone:focus-visible { outline: 2px solid var(--trk-accent); outline-offset: 1px; }
.trk-compare .trk-table :is(th, td).trk-lit { background: var(--trk-bg2); box-shadow: inset 0 0 0 99px var(--trk-tint2); }
.trk-compare .trk-out { pointer-events: none; }
.trk-compare .trk-out .trk-ink { opacity: .07 !important; }
.trk-compare .trk-axis line { stroke: var(--trk-fg); opacity: .45; }
.trk-compare .trk-axis text { fill: var(--trk-fg); font-size: 11px; }
.trk-compare .trk-axis-name { font-weight: 600; font-size: 12px !important; }
.trk-compare .trk-axis-name.trk-metric { fill: var(--trk-accent) !important; }
.trk-compare .trk-tick { fill: var(--trk-fg) !important; paint-order: stroke; stroke: var(--trk-bg); stroke-width: 4px; stroke-linejoin: round; pointer-events: none; font-variant-numeric: tabular-nums; }
@container (max-width: 480px) { .trk-compare .trk-tab > span { display: none; } .trk-compare .trk-tab { padding-left: 8px; padding-right: 8px; } }
.trk-compare .trk-none { font-style: italic; }
.trk-compare .trk-zone { fill: transparent; cursor: ns-resize; touch-action: none; }
.trk-compare .trk-brush { fill: var(--trk-accent); opacity: .3; }
.trk-compare .trk-tip { position: absolute; display: none; flex-direction: column; max-width: 300px; padding: 6px 10px; border-radius: 6px; border: 1px solid var(--trk-line); background: var(--trk-bg); box-shadow: 0 4px 16px rgb(0 0 0 / .18); font-size: .88em; pointer-events: none; z-index: 5; overflow-wrap: anywhere; }
.trk-compare .trk-tip.trk-on { display: flex; }
.trk-compare .trk-scroll { overflow: auto; max-height: 460px; border-top: 1px solid var(--trk-line); }
.trk-compare .trk-table { border-collapse: separate; border-spacing: 0; font-size: .95em; margin: 0; min-width: 100%; color: inherit; }
.trk-compare .trk-table :is(th, td) { padding: 3px 14px; text-align: left; white-space: nowrap; border: 0; border-bottom: 1px solid var(--trk-tint2); max-width: 260px; overflow: hidden; text-overflow: ellipsis; font-weight: 400; vertical-align: baseline; background: var(--trk-bg); }
.trk-compare .trk-table :is(th:first-child) { position: sticky; left: 0; z-index: 1; color: var(--trk-fg2); max-width: 220px; border-right: 1px solid var(--trk-line); }
.trk-compare .trk-table thead th { position: sticky; top: 0; z-index: 2; font-weight: 600; border-bottom: 1px solid var(--trk-line); color: var(--trk-fg); }
.trk-compare .trk-table thead th:first-child { z-index: 3; }
.trk-compare .trk-table thead div { display: flex; align-items: center; gap: 6px; }
.trk-compare .trk-table thead span { overflow: hidden; text-overflow: ellipsis; }
.trk-compare .trk-table .trk-family th { font-weight: 600; font-size: .86em; letter-spacing: .02em; padding-top: 9px; border-right: 0; color: var(--trk-fg2); }
.trk-compare .trk-table td.trk-number { font-variant-numeric: tabular-nums; }
.trk-compare .trk-table td.trk-best { font-weight: 600; }
.trk-compare .trk-table .trk-differs td { background: color-mix(in srgb, var(--trk-warn) 9%, var(--trk-bg)); }
.trk-compare .trk-table .trk-differs th { color: var(--trk-fg); }
.trk-compare .trk-table tr:hover td { background: var(--trk-tint); }
.trk-compare .trk-diff { overflow: auto; max-height: 560px; padding: 0 14px 12px; border-top: 1px solid var(--trk-line); }
.trk-compare .trk-changes { table-layout: fixed; width: 100%; margin: 8px 0 14px; }
.trk-compare .trk-table.trk-changes :is(th, td) { white-space: pre-wrap; overflow-wrap: anywhere; max-width: none; }
.trk-compare .trk-changes thead :is(th, td) { vertical-align: bottom; border-bottom: 1px solid var(--trk-line); }
.trk-compare .trk-changes thead span { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; }
.trk-compare .trk-changes :is(th, td):nth-child(1) { width: 22%; }
.trk-compare .trk-changes :is(th, td):nth-child(4) { width: 20%; }
@container (max-width: 560px) {
  .trk-compare .trk-table.trk-changes :is(th, td) { padding: 3px 6px; width: auto; border-right: 0; position: static; }
  .trk-compare .trk-changes tr { display: grid; grid-template-columns: 34% 1fr 1fr; }
  .trk-compare .trk-changes :is(th, td):nth-child(4) { grid-column: 2 / -1; }
  .trk-compare .trk-changes :is(th, td):nth-child(4):empty { display: none; }
  .trk-compare .trk-changes tbody tr { border-bottom: 1px solid var(--trk-line); }
  .trk-compare .trk-changes tbody tr :is(th, td) { border-bottom: 0; }
}
.trk-compare .trk-code h4 { margin: 4px 0 6px; font-size: .95em; }
.trk-compare .trk-code details { margin: 4px 0; color: var(--trk-fg2); }
.trk-compare .trk-code summary { cursor: pointer; font-size: .92em; }
.trk-compare .trk-cells { display: grid; grid-template-columns: 1fr 1fr; gap: 8px; margin: 6px 0; }
.trk-compare .trk-code pre { margin: 0; padding: 6px 10px; min-width: 0; overflow: auto; font-family: var(--trk-mono); font-size: .92em; line-height: 1.45; color: var(--trk-fg); background: var(--trk-tint); border: 0; border-radius: 4px; white-space: pre-wrap; overflow-wrap: anywhere; }
.trk-compare .trk-code .trk-said { margin: 8px 0 -2px; color: var(--trk-fg2); font-size: .92em; overflow-wrap: anywhere; }
.trk-compare .trk-code .trk-fold { color: var(--trk-fg2); font-family: inherit; font-style: italic; user-select: none; }
.trk-compare .trk-code pre.trk-absent { color: var(--trk-fg2); font-style: italic; background: none; border: 1px dashed var(--trk-line); font-family: inherit; }
.trk-compare .trk-code ins { text-decoration: none; border-bottom: 2px solid var(--trk-ok); background: color-mix(in srgb, var(--trk-ok) 20%, transparent); }
.trk-compare .trk-code del { text-decoration: line-through; text-decoration-thickness: 1px; background: color-mix(in srgb, var(--trk-bad) 18%, transparent); }
@container (max-width: 560px) { .trk-compare .trk-cells { grid-template-columns: 1fr; } }
.trk-compare .trk-pictures { display: grid; gap: 12px; padding: 0 14px 14px; grid-template-columns: repeat(auto-fill, minmax(min(100%, 240px), 1fr)); max-height: 640px; overflow: auto; }
.trk-compare .trk-pictures[data-size=small] { grid-template-columns: repeat(auto-fill, minmax(min(100%, 120px), 1fr)); }
.trk-compare .trk-pictures[data-size=large] { grid-template-columns: repeat(auto-fill, minmax(min(100%, 460px), 1fr)); }
.trk-compare .trk-pictures figcaption { align-items: center; gap: 6px; font-weight: 500; color: var(--trk-fg2); }
.trk-compare .trk-picture { display: grid; place-items: center; min-height: 90px; background: var(--trk-tint); border-radius: 4px; overflow: hidden; }
.trk-compare .trk-picture > .trk-plot { width: 100%; }
.trk-compare .trk-picture img { display: block; width: 100%; max-height: 520px; object-fit: contain; image-rendering: auto; background: #fff; }
`;
