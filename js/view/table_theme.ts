/** Light or dark, for the parts whose colours no host provides. */

/** Whether the page around is dark: JupyterLab, VS Code and marimo say so; elsewhere the system does. */
export function isDark(): boolean {
  const { body, documentElement: html } = document;
  if (body.dataset['jpThemeLight']) return body.dataset['jpThemeLight'] === 'false';
  const kind = body.dataset['vscodeThemeKind'];
  if (kind) return kind.includes('dark') || kind === 'vscode-high-contrast';
  if (body.classList.contains('dark') || html.classList.contains('dark')) return true;
  if (body.classList.contains('light') || html.classList.contains('light')) return false;
  return matchMedia('(prefers-color-scheme: dark)').matches;
}

/** Calls back now and whenever the page turns light or dark; returns the way to stop. */
export function watchTheme(changed: (dark: boolean) => void): () => void {
  const tell = (): void => changed(isDark());
  const observer = new MutationObserver(tell);
  const query = matchMedia('(prefers-color-scheme: dark)');
  for (const node of [document.body, document.documentElement]) {
    observer.observe(node, { attributes: true, attributeFilter: ['class', 'data-jp-theme-light', 'data-vscode-theme-kind'] });
  }
  query.addEventListener('change', tell);
  tell();
  return () => {
    observer.disconnect();
    query.removeEventListener('change', tell);
  };
}
