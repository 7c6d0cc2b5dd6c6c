/** What we put into JupyterLab's own furniture, in its colours. */
const CSS = /* css */ `
.jp-tracker-status { font: inherit; height: 100%; padding: 0 6px; border: 0; background: none; color: inherit; cursor: pointer; white-space: nowrap; }
.jp-tracker-status::before { content: ''; display: inline-block; width: 8px; height: 8px; margin-right: 6px; border-radius: 50%; background: var(--jp-ui-font-color3); }
.jp-tracker-status[data-status=running]::before { background: var(--jp-brand-color1); }
.jp-tracker-status[data-status=bad]::before { background: var(--jp-error-color1); }
.jp-tracker-status:hover { background: var(--jp-layout-color3); }
.jp-tracker-mark { position: absolute; z-index: 2; left: 12px; top: 28px; width: 20px; height: 20px; padding: 0; border: 0; border-radius: 4px; background: none; cursor: pointer; --c: var(--jp-ui-font-color3); }
.jp-tracker-mark::before { content: ''; display: block; width: 9px; height: 9px; margin: auto; border-radius: 50%; background: var(--c); }
.jp-tracker-mark:hover { background: var(--jp-layout-color2); }
.jp-tracker-mark:focus-visible { outline: 2px solid var(--jp-brand-color1); }
.jp-tracker-mark[data-status=RUNNING] { --c: var(--jp-brand-color1); }
.jp-tracker-mark[data-status=FINISHED] { --c: var(--jp-success-color1); }
.jp-tracker-mark[data-status=FAILED] { --c: var(--jp-error-color1); }
.jp-tracker-mark[data-status=FAILED]::before { border-radius: 1px; transform: rotate(45deg) scale(.9); }
.jp-tracker-mark[data-status=KILLED] { --c: var(--jp-warn-color1); }
.jp-tracker-mark[data-status=KILLED]::before { border-radius: 1px; }
.jp-tracker-mark[data-status=DELETED]::before { background: none; box-shadow: inset 0 0 0 2px var(--c); }
.jp-tracker-mark[data-status=RUNNING]::before { animation: jp-tracker-pulse 1.6s ease-in-out infinite; }
@keyframes jp-tracker-pulse { 50% { opacity: .35; } }
@media (prefers-reduced-motion: reduce) { .jp-tracker-mark::before { animation: none !important; } }
`;

export function addStyle(): void {
  const node = document.createElement('style');
  node.textContent = CSS;
  document.head.append(node);
}
