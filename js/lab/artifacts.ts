/** The artifact under the pointer when a context menu opens: views in shadow roots hide it from Lumino's selectors. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { type Artifact, artifactAt } from './artifact_at';
import type { CurrentFolder } from './folder';
import type { Stores } from './server';

export function addArtifactCommands(
  app: JupyterFrontEnd,
  stores: Stores,
  folder: CurrentFolder,
  trans: TranslationBundle,
): void {
  let chosen: Artifact | null = null;
  document.addEventListener('contextmenu', event => (chosen = artifactAt(event.composedPath())), true);
  const isVisible = () => chosen !== null;
  const url = (download: boolean) => stores.of(folder.path).store.fileUrl(chosen!.run, chosen!.path, download);
  app.commands.addCommand('jupyter-tracker:open-artifact', {
    label: trans.__('Open the artifact in a new browser tab'),
    isVisible,
    execute: () => void window.open(url(false), '_blank', 'noopener'),
  });
  app.commands.addCommand('jupyter-tracker:download-artifact', {
    label: trans.__('Download the artifact'),
    isVisible,
    execute: () => {
      const link = document.createElement('a');
      link.href = url(true);
      link.download = chosen!.path.split('/').at(-1)!;
      link.click();
    },
  });
  app.commands.addCommand('jupyter-tracker:copy-artifact-path', {
    label: trans.__('Copy the artifact’s URI'),
    isVisible,
    execute: () => Clipboard.copyToSystem(`runs:/${chosen!.run}/${chosen!.path}`),
  });
}
