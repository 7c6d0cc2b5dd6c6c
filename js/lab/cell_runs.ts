/** Which run a cell made: told by the card that its output holds. */
import type { Cell, CellModel } from '@jupyterlab/notebook';
import { type Bundle, MIME, type Status } from '../core/types';

export interface CellRun {
  readonly id: string;
  readonly name: string;
  /** As it was when the output was written. */
  readonly status: Status;
}

/** The last run of a cell; null for a cell that made none. */
export function runOf(model: CellModel): CellRun | null {
  const { outputs } = model;
  for (let i = (outputs?.length ?? 0) - 1; i >= 0; i--) {
    const bundle = outputs!.get(i).data[MIME] as Bundle | undefined;
    if (bundle?.view !== 'card' || typeof bundle.run?.id !== 'string') continue;
    return { id: bundle.run.id, name: String(bundle.run.name), status: bundle.run.status };
  }
  return null;
}

export function runOfCell(cell: Cell | null | undefined): CellRun | null {
  return cell ? runOf(cell.model) : null;
}
