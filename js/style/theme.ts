/**
 * The colours and type of every view. The front end's own variables come first (JupyterLab's, VS Code's);
 * where it has none, `data-trk-theme`, which `view/theme.ts` sets, chooses between light and dark.
 */
const SELECTORS = ':host, .trk-view';
const DARK = ':host([data-trk-theme="dark"]), .trk-view[data-trk-theme="dark"]';

export const themeStyle = /* css */ `
${SELECTORS} {
  --f-bg: #ffffff; --f-bg2: #f6f7f8; --f-bg3: #eceef0; --f-line: #dfe2e5;
  --f-fg: #1f2328; --f-fg2: #59636e; --f-accent: #0969da;
  --f-ok: #1a7f37; --f-bad: #cf222e; --f-warn: #9a6700;
}
${DARK} {
  --f-bg: #15181c; --f-bg2: #1d2126; --f-bg3: #2a2f36; --f-line: #363c44;
  --f-fg: #e6e8eb; --f-fg2: #a0a8b2; --f-accent: #58a6ff;
  --f-ok: #3fb950; --f-bad: #ff7b72; --f-warn: #d9a62e;
}
${SELECTORS} {
  --trk-bg: var(--jp-layout-color1, var(--vscode-editor-background, var(--f-bg)));
  --trk-bg2: var(--jp-layout-color2, var(--vscode-textBlockQuote-background, var(--f-bg2)));
  --trk-fg: var(--jp-ui-font-color1, var(--vscode-editor-foreground, var(--f-fg)));
  --trk-fg2: var(--jp-ui-font-color2, var(--vscode-descriptionForeground, var(--f-fg2)));
  --trk-accent: var(--jp-brand-color1, var(--vscode-textLink-foreground, var(--f-accent)));
  --trk-line: color-mix(in srgb, var(--trk-fg) 16%, transparent);
  --trk-tint: color-mix(in srgb, var(--trk-fg) 5%, transparent);
  --trk-tint2: color-mix(in srgb, var(--trk-fg) 10%, transparent);
  --trk-ok: var(--f-ok); --trk-bad: var(--f-bad); --trk-warn: var(--f-warn);
  --trk-font: var(--jp-ui-font-family, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif);
  --trk-mono: var(--jp-code-font-family, ui-monospace, SFMono-Regular, Menlo, Consolas, monospace);
  color: var(--trk-fg); font-family: var(--trk-font); font-size: 13px; line-height: 1.45;
}
`;
