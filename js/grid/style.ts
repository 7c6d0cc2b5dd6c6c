/** How a grid looks; its colours are the variables of the view around it. */
export const gridStyle = `
.grid{scrollbar-width:thin;scrollbar-color:var(--line-strong) transparent;position:relative;overflow:auto;overscroll-behavior-x:contain;contain:strict;outline:none;font-size:var(--size);color:var(--fg);background:var(--bg)}
.sizer{position:relative;min-width:100%}
.view{position:sticky;top:0;left:0;overflow:hidden}
.body{position:absolute;top:0;left:0;width:100%;will-change:transform}
.row{position:absolute;left:0;width:100%;height:28px;box-sizing:border-box;background:var(--row);border-bottom:1px solid var(--line-faint);--row:var(--bg)}
.strip{position:absolute;top:0;left:0;width:100%;height:28px}
.row:hover{--row:var(--hover)}
.row.lit{--row:var(--lit)}
.row[aria-selected=true]{--row:var(--chosen)}
.row[aria-selected=true]:hover{--row:var(--chosen-hover)}
.cell,.headcell{position:absolute;top:0;box-sizing:border-box;padding:0 10px;white-space:nowrap;overflow:hidden;user-select:none;-webkit-user-select:none;cursor:default;outline:none}
.cell{height:28px;line-height:27px;contain:strict}
.cell.right{text-align:right;font-variant-numeric:tabular-nums}
.cell.pinned{background:var(--row);border-bottom:1px solid var(--line-faint);z-index:1}
.edge{border-right:1px solid var(--line)}
.cell .line{position:absolute;left:8px;top:4px;width:56px;height:20px;overflow:visible;fill:none;stroke:var(--spark,currentColor);stroke-width:1.25;stroke-linejoin:round;opacity:.75;pointer-events:none}
.row.group{--row:color-mix(in srgb,var(--fg) 3.5%,var(--bg));font-weight:500}
.row.group:hover{--row:color-mix(in srgb,var(--fg) 7%,var(--bg))}
.row.group[aria-selected=true]{--row:var(--chosen)}
[role=treegrid] .value.runname{padding-left:calc(var(--level,0)*16px)}
[role=treegrid] .value.runname::before{content:"";display:inline-block;width:18px;color:var(--fg-faint);font-weight:400}
.row[aria-expanded=false] .value.runname::before{content:"▸"}
.row[aria-expanded=true] .value.runname::before{content:"▾"}
.row.folds .runname{cursor:pointer}
.value{display:block;unicode-bidi:plaintext;overflow:hidden;text-overflow:ellipsis;text-align:inherit}
.cell.left .value{text-align:left}
.cell:focus,.headcell:focus{outline:2px solid var(--brand);outline-offset:-2px;border-radius:3px}
.head{position:relative;z-index:2;background:var(--head);border-bottom:1px solid var(--line)}
.headrow{position:relative;height:29px}
.headcell{height:29px;line-height:29px;font-weight:600;color:var(--fg-soft);display:flex;gap:4px;background:var(--head)}
.headcell.right{justify-content:flex-end}
.headcell.pinned{z-index:1}
.headcell:hover,.headcell.sorted{color:var(--fg)}
.headcell.dragged{opacity:.75;z-index:3;pointer-events:none;transform:translateX(var(--drag,0))}
.title{overflow:hidden;text-overflow:ellipsis}
.mark{flex:none;color:var(--brand);font-weight:700;font-size:.92em}
.mark:empty{display:none}
.more{position:absolute;right:8px;top:4px;line-height:21px;width:15px;background:var(--head);text-align:center;border-radius:3px;color:var(--fg-soft);opacity:0;cursor:pointer}
.headcell:hover .more,.headcell:focus .more{opacity:1}
.more:hover{background:var(--hover);color:var(--fg)}
.headcell[aria-colindex="1"] .more{display:none}
.grip{position:absolute;top:0;right:0;width:9px;height:100%;cursor:col-resize;touch-action:none}
.grip::after{content:"";position:absolute;right:0;top:7px;bottom:7px;width:1px;background:var(--line)}
.grip:hover::after{width:3px;top:0;bottom:0;background:var(--brand)}
.bands{position:relative;height:0;overflow:hidden;font-size:.8em;color:var(--fg-faint);letter-spacing:.06em}
.banded .bands{height:18px}
.band{position:absolute;top:0;left:0;height:18px;line-height:17px;box-sizing:border-box;padding:0 0 0 4px;overflow:hidden;white-space:nowrap;text-transform:uppercase;font-weight:600;border-left:1px solid var(--line)}
.band::before{content:"";position:absolute;left:0;right:3px;top:0;height:2px;background:currentColor;opacity:.55}
.box,.headcell[aria-colindex="1"]::before{box-sizing:border-box;width:14px;height:14px;border:1.5px solid var(--fg-faint);border-radius:3px;background:var(--bg)}
.value.box{margin-top:7px}
.headcell[aria-colindex="1"]::before{content:"";flex:none;margin-top:7px}
.row[aria-selected=true] .box,.headcell[data-extent=all]::before{border-color:var(--brand);background:var(--brand) var(--tick) center/10px no-repeat}
.headcell[data-extent=some]::before{border-color:var(--brand);background:linear-gradient(var(--brand),var(--brand)) center/8px 2px no-repeat}
@media (forced-colors:active){.row[aria-selected=true]{outline:1px solid Highlight;outline-offset:-1px}}
`;
