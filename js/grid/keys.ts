/** What a key means in a grid. Pure: the grid does what is said here. */
import type { Place } from './types';

export type Command =
  | { readonly do: 'go'; readonly to: Place; readonly extends: boolean }
  | { readonly do: 'sort'; readonly adds: boolean }
  | { readonly do: 'widen'; readonly by: number }
  | { readonly do: 'move'; readonly by: -1 | 1 }
  | { readonly do: 'toggle' | 'extend' | 'all' | 'clear' };

export interface Stroke {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

export interface Bounds {
  readonly rows: number;
  readonly columns: number;
  /** Rows that a page passes. */
  readonly page: number;
}

const WIDEN = 16;

/** null where the key is none of the grid's. */
export function commandFor(stroke: Stroke, at: Place, bounds: Bounds): Command | null {
  const ctrl = stroke.ctrlKey || stroke.metaKey;
  const inHeader = at.position < 0;
  if (inHeader && stroke.key.startsWith('Arrow') && (stroke.altKey || (ctrl && stroke.shiftKey)))
    return reshape(stroke);
  if (stroke.altKey) return null;
  const to = destination(stroke.key, ctrl, at, bounds);
  if (to) return { do: 'go', to, extends: stroke.shiftKey && to.position !== at.position && to.position >= 0 };
  if (ctrl) return stroke.key.toLowerCase() === 'a' ? { do: 'all' } : null;
  if (stroke.key === 'Enter' && inHeader) return { do: 'sort', adds: stroke.shiftKey };
  if (stroke.key === ' ' && !inHeader) return { do: stroke.shiftKey ? 'extend' : 'toggle' };
  if (stroke.key === ' ') return at.column === 0 ? { do: 'all' } : { do: 'sort', adds: stroke.shiftKey };
  return stroke.key === 'Escape' ? { do: 'clear' } : null;
}

function reshape(stroke: Stroke): Command | null {
  if (stroke.key !== 'ArrowLeft' && stroke.key !== 'ArrowRight') return null;
  const by = stroke.key === 'ArrowLeft' ? -1 : 1;
  return stroke.altKey ? { do: 'widen', by: by * WIDEN } : { do: 'move', by };
}

function destination(key: string, ctrl: boolean, at: Place, bounds: Bounds): Place | null {
  const last = bounds.rows - 1;
  const row = (position: number): Place => ({ position: Math.max(-1, Math.min(last, position)), column: at.column });
  const column = (to: number): Place => ({
    position: at.position,
    column: Math.max(0, Math.min(bounds.columns - 1, to)),
  });
  switch (key) {
    case 'ArrowUp':
      return row(ctrl ? Math.min(at.position, 0) : at.position - 1);
    case 'ArrowDown':
      return row(ctrl ? last : at.position + 1);
    case 'ArrowLeft':
      return column(ctrl ? 0 : at.column - 1);
    case 'ArrowRight':
      return column(ctrl ? bounds.columns - 1 : at.column + 1);
    case 'PageUp':
      return row(Math.max(Math.min(at.position, 0), at.position - bounds.page));
    case 'PageDown':
      return row(at.position + bounds.page);
    case 'Home':
      return ctrl ? { position: Math.min(0, last), column: 0 } : column(0);
    case 'End':
      return ctrl ? { position: last, column: bounds.columns - 1 } : column(bounds.columns - 1);
    default:
      return null;
  }
}
