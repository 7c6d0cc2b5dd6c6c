/** How the run table looks: Jupyter's own colours where there are some, ours where there are none. */
import { gridStyle } from '../grid/style';
import { themeStyle } from '../style/theme';

const tick = `url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 10 10'%3E%3Cpath d='M1.5 5.2 4 7.7 8.6 2.6' fill='none' stroke='white' stroke-width='1.9'/%3E%3C/svg%3E")`;

export const tableStyle = `${themeStyle}
:host{display:block;contain:inline-size;--params:#3367b5;--metrics:#1f7a4d;--tags:#8250a8;color-scheme:light}
:host(.fills){height:100%}
:host(.fills) .app{display:flex;flex-direction:column;max-height:100%}
:host(.fills) .app>.grid{flex:0 1 auto;min-height:0}
:host([data-trk-theme=dark]){--params:#7fb0f5;--metrics:#66cf9a;--tags:#cb9df0;color-scheme:dark}
.app{--bg:var(--trk-bg);--head:var(--trk-bg);--raised:var(--trk-bg);--fg:var(--trk-fg);--fg-soft:color-mix(in srgb,var(--trk-fg) 82%,var(--trk-bg));--fg-faint:var(--trk-fg2);
--line:color-mix(in srgb,var(--trk-fg) 17%,var(--trk-bg));--line-strong:color-mix(in srgb,var(--trk-fg) 32%,var(--trk-bg));--brand:var(--trk-accent);--good:var(--trk-ok);--bad:var(--trk-bad);--warn:var(--trk-warn);--info:var(--trk-accent);--quiet:var(--trk-fg2);
--size:var(--jp-ui-font-size1,13px);--tick:${tick};
--line-faint:color-mix(in srgb,var(--line) 55%,var(--bg));--hover:color-mix(in srgb,var(--fg) 4.5%,var(--bg));
--chosen:color-mix(in srgb,var(--brand) 13%,var(--bg));--lit:color-mix(in srgb,var(--fg) 10%,var(--bg));--chosen-hover:color-mix(in srgb,var(--brand) 19%,var(--bg));
font-family:var(--trk-font);font-size:var(--size);line-height:1.4;color:var(--fg);background:var(--bg);
border:1px solid var(--line);border-radius:6px;overflow:hidden;container-type:inline-size}
.app *{box-sizing:border-box}
.bar{display:flex;flex-wrap:wrap;align-items:center;gap:8px 10px;padding:8px 10px;background:var(--raised);border-bottom:1px solid var(--line)}
.name{font-weight:600;font-size:1.06em;max-width:32ch;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.name:empty{display:none}
.count{color:var(--fg-faint);white-space:nowrap;font-variant-numeric:tabular-nums}
.search{flex:1 1 220px;min-width:160px;position:relative;order:1}
.search input,.find{width:100%;height:28px;padding:0 28px 0 9px;font:inherit;color:var(--fg);background:var(--bg);border:1px solid var(--line);border-radius:5px;outline:none}
.search input{font-family:var(--trk-mono);font-size:.94em}
.search input::placeholder,.find::placeholder{color:var(--fg-faint);opacity:1}
.search input:focus,.find:focus{border-color:var(--brand);box-shadow:0 0 0 1px var(--brand)}
.search input:focus-visible,.find:focus-visible{outline:none!important}
.search.wrong input{border-color:var(--bad);box-shadow:0 0 0 1px var(--bad)}
.search .drop{position:absolute;right:3px;top:3px;width:22px;height:22px;padding:0;border:0}
.tools{display:flex;gap:6px;align-items:center;order:2;margin-left:auto}
.app button{height:28px;padding:0 10px;font:inherit;color:var(--fg-soft);background:none;border:1px solid var(--line);border-radius:5px;cursor:pointer;white-space:nowrap}
.app button:hover{color:var(--fg);background:var(--hover)}
.app button:focus-visible,.app input:focus-visible{outline:2px solid var(--brand);outline-offset:1px}
.app button.chosen{color:var(--fg);background:var(--chosen);border-color:transparent;font-variant-numeric:tabular-nums}
.app button.plain{border:0;color:var(--brand);padding:0 4px}
[hidden]{display:none!important}
.bar.bare .search,.bar.bare .tools button:not(.views){display:none}
.says{padding:6px 10px;border-bottom:1px solid var(--line);color:var(--fg-soft);background:var(--raised)}
.says.wrong{color:var(--bad)}
.says code{font-family:var(--trk-mono);font-size:.94em;margin-right:10px;color:var(--fg-soft)}
.says mark{color:inherit;background:color-mix(in srgb,var(--bad) 22%,transparent);text-decoration:underline wavy var(--bad) 1px;text-underline-offset:3px}
.chips{display:flex;flex-wrap:wrap;gap:6px;padding:6px 10px;border-bottom:1px solid var(--line);background:var(--raised)}
.app button.fold{height:23px;padding:0 9px;border-radius:12px;font-size:.92em;max-width:100%;overflow:hidden;text-overflow:ellipsis}
.app button.fold[aria-pressed=true]{color:var(--fg);background:var(--chosen);border-color:color-mix(in srgb,var(--brand) 35%,transparent)}
.notices:not(:has(>:not([hidden]))){display:none}
.told{display:flex;gap:10px;align-items:center;padding:5px 10px;border-top:1px solid var(--line);color:var(--fg-soft);background:var(--raised)}
.told span{overflow:hidden;text-overflow:ellipsis}
.told button:last-child{margin-left:auto}
.told.waits::before,.told.gone::before{content:"";flex:none;width:7px;height:7px;border-radius:50%;background:var(--warn)}
.told.gone::before{background:var(--bad)}
.empty{padding:34px 16px;text-align:center;color:var(--fg-faint)}
.empty b{display:block;margin-bottom:4px;color:var(--fg-soft);font-weight:600}
.empty code{font-family:var(--trk-mono);padding:1px 4px;border-radius:3px;background:var(--hover);color:var(--fg)}
.popup{position:fixed;margin:0;padding:4px;color:var(--fg);background:var(--raised);border:1px solid var(--line);border-radius:7px;box-shadow:0 6px 24px rgb(0 0 0/.22);font:inherit;overflow:auto;scrollbar-width:thin;scrollbar-color:var(--line-strong) transparent}
.offers{max-height:236px;min-width:240px;max-width:min(460px,96vw)}
.offer{display:flex;gap:16px;justify-content:space-between;padding:3px 8px;border-radius:4px;cursor:pointer;font-family:var(--trk-mono);font-size:.94em}
.offer span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.offer small{flex:none;color:var(--fg-faint);font-family:var(--trk-font)}
.offer[aria-selected=true],.offer:hover{background:var(--chosen)}
.picker{width:min(330px,96vw);max-height:min(440px,80vh);padding:0;display:none;flex-direction:column;overflow:hidden}
.picker:popover-open{display:flex}
.picker header{padding:8px;border-bottom:1px solid var(--line)}
.picker footer{display:flex;gap:4px;justify-content:space-between;padding:4px 8px;border-top:1px solid var(--line)}
.choices{scrollbar-width:thin;scrollbar-color:var(--line-strong) transparent;overflow:auto;padding:4px 8px 8px}
.choices h4{margin:9px 0 3px;font-size:.8em;font-weight:600;letter-spacing:.06em;text-transform:uppercase;color:var(--fg-faint)}
.choices label{display:flex;gap:8px;align-items:center;padding:2px 4px;border-radius:4px;cursor:pointer}
.choices label:hover{background:var(--hover)}
.choices label span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.choices label i{margin-left:auto;padding-left:8px;max-width:45%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;font-style:normal;color:var(--fg-faint)}
.choices input{accent-color:var(--brand);margin:0;flex:none}
.choices p{margin:10px 4px;color:var(--fg-faint)}
.menu{min-width:180px;max-width:min(380px,96vw);max-height:min(460px,86vh)}
.menu h4{margin:5px 8px 3px;font-size:.86em;font-weight:600;color:var(--fg-faint);overflow-wrap:anywhere}
.menu hr{margin:4px 0;border:0;border-top:1px solid var(--line)}
.app .menu button{display:flex;gap:18px;align-items:center;width:100%;border:0;padding:0 10px 0 26px;position:relative;text-align:left}
.menu button span{overflow:hidden;text-overflow:ellipsis}
.menu button small{margin-left:auto;color:var(--fg-faint);overflow:hidden;text-overflow:ellipsis;max-width:55%}
.menu button[aria-checked=true]::before{content:"✓";position:absolute;left:9px;color:var(--brand);font-weight:700}
.app .menu button.danger{color:var(--bad)}
.app .menu button:focus{background:var(--hover);outline:none}
.app .menu button:focus-visible{outline:2px solid var(--brand);outline-offset:-2px}
.dialog{width:min(360px,96vw);padding:12px}
.dialog:popover-open{display:flex;flex-direction:column;gap:10px}
.dialog h3{margin:0;font-size:1em;font-weight:600;overflow-wrap:anywhere}
.dialog label{display:flex;flex-direction:column;gap:3px;color:var(--fg-soft)}
.dialog textarea{height:auto;min-height:84px;padding:6px 9px;resize:vertical}
.preview{max-height:180px;overflow:auto;padding:4px 9px;border-left:2px solid var(--line-strong);color:var(--fg-soft);overflow-wrap:anywhere}
.preview:empty{display:none}
.preview :is(p,ul,ol,pre,h3,h4,h5,h6,blockquote){margin:3px 0}
.preview :is(h3,h4,h5,h6){font-size:1.05em}
.preview a{color:var(--brand)}
.dialog footer{display:flex;justify-content:flex-end;gap:6px}
.app button.primary{color:#fff;background:var(--brand-fill,#0b62c4);border-color:transparent;font-weight:600}
${gridStyle}
.band.params{color:var(--params)}.band.metrics{color:var(--metrics)}.band.tags{color:var(--tags)}
.value.runname{font-weight:500}
.value.star{color:var(--fg-faint);opacity:.55;cursor:pointer}
.cell:hover>.value.star{opacity:1}
.value.star.on{color:#c98a1b;opacity:1}
.value.waits{opacity:.6;font-style:italic;text-decoration:underline dotted;text-underline-offset:3px}
.value.spread{font-weight:500}
.value.none{color:var(--fg-faint);opacity:.65}
.value.soft{color:var(--fg-soft)}
.value.best{display:inline-block;max-width:100%;padding:0 5px;margin-right:-5px;line-height:20px;vertical-align:middle;border-radius:4px;font-weight:650;color:color-mix(in srgb,var(--good) 80%,var(--fg));background:color-mix(in srgb,var(--good) 13%,transparent)}
.value.chip{--tone:var(--quiet);display:inline-block;max-width:100%;padding:0 8px 0 7px;line-height:19px;vertical-align:middle;border-radius:10px;font-size:.92em;font-weight:500;color:color-mix(in srgb,var(--tone) 80%,var(--fg));background:color-mix(in srgb,var(--tone) 12%,transparent)}
.value.chip::before{content:"";display:inline-block;width:6px;height:6px;margin-right:6px;border-radius:50%;background:currentColor;vertical-align:1px}
.chip.finished{--tone:var(--good)!important}.chip.running{--tone:var(--info)!important}.chip.failed{--tone:var(--bad)!important}.chip.killed{--tone:var(--warn)!important}
.value.chip.running::before{animation:beat 1.6s ease-in-out infinite}
.value.chip.failed::before,.value.chip.killed::before{border-radius:1px}
@keyframes beat{50%{opacity:.25}}
@media (prefers-reduced-motion:reduce){.value.chip.running::before{animation:none}}
@container (max-width:560px){.search{flex-basis:100%;order:3}.tools{order:2;flex-wrap:wrap;margin-left:0}.app button{padding:0 8px}}
`;
