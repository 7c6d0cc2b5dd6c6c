/** Saved views: kept in the store, taken up by a press. */
import type { TableState } from '../core/types';
import type { Entry } from './menu';

export interface ViewsHost {
  readonly views: () => Readonly<Record<string, TableState>>;
  readonly state: () => TableState;
  readonly canSave: boolean;
  take(state: TableState): void;
  save(): void;
  forget(name: string): void;
  reset(): void;
  deleted(): void;
}

export function viewEntries(host: ViewsHost): Entry[] {
  const names = Object.keys(host.views()).sort((a, b) => a.localeCompare(b));
  const now = JSON.stringify(viewOf(host.state()));
  const known = names.map(name => {
    const state = host.views()[name]!;
    return { label: name, checked: JSON.stringify(viewOf(state)) === now, act: () => host.take(state) };
  });
  return [
    ...(known.length > 0 ? ['Views kept in the store', ...known, null] : []),
    { label: 'As at first', act: () => host.reset() },
    ...(host.canSave
      ? [
          { label: 'Keep this view…', act: () => host.save() },
          {
            label: 'Deleted runs',
            checked: host.state().view === 'deleted',
            act: () => host.deleted(),
          },
        ]
      : []),
    ...(host.canSave && names.length > 0
      ? [null, ...names.map(name => ({ label: 'Forget', detail: name, danger: true, act: () => host.forget(name) }))]
      : []),
  ];
}

/** What of a state makes a view: not what is unfolded, nor which runs were looked at. */
export function viewOf(state: TableState): TableState {
  const { open: _open, view: _view, ...view } = state;
  return view;
}
