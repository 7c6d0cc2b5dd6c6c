/** Which artifact an event is about. */

export interface Artifact {
  readonly run: string;
  readonly path: string;
}

/** A file's element tells its path, one around it the run. */
export function artifactAt(path: readonly EventTarget[]): Artifact | null {
  const elements = path.filter(each => each instanceof HTMLElement);
  const file = elements.find(
    each => each.dataset['file'] || (each.dataset['path'] && !each.getAttribute('aria-expanded')),
  );
  const run = elements.find(each => each.dataset['run']);
  if (!file || !run) return null;
  return { run: run.dataset['run']!, path: file.dataset['file'] ?? file.dataset['path']! };
}
