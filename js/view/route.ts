/** What a workbench shows, and as a text in an address. */

export type Route =
  /** The runs of these experiments, null for all. */
  | { readonly at: 'runs'; readonly experiments: readonly string[] | null }
  | { readonly at: 'compare'; readonly runs: readonly string[] }
  | { readonly at: 'run'; readonly run: string };

export const ALL: Route = { at: 'runs', experiments: null };

/** As in `#run=ID`, `#compare=ID,ID`, `#experiments=ID`, or nothing for all runs. */
export function routeText(route: Route): string {
  if (route.at === 'run') return `run=${encodeURIComponent(route.run)}`;
  if (route.at === 'compare') return `compare=${route.runs.map(encodeURIComponent).join(',')}`;
  return route.experiments ? `experiments=${route.experiments.map(encodeURIComponent).join(',')}` : '';
}

/** What a text of `routeText` means; all runs where it means nothing. */
export function routeOf(text: string): Route {
  const [name, value = ''] = text.split('=', 2);
  const ids = value.split(',').filter(Boolean).map(decoded);
  if (ids.length === 0) return ALL;
  if (name === 'run') return { at: 'run', run: ids[0]! };
  if (name === 'compare') return { at: 'compare', runs: ids };
  return name === 'experiments' ? { at: 'runs', experiments: ids } : ALL;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
