/**
 * What a person edits: shown at once, sent to Python, and laid over the runs until Python says that it is written.
 * Python may be busy for hours: what waits is counted and marked, never lost while its kernel lives.
 */
import { inverse } from '../core/edits';
import type { Edit, Source, Table } from '../core/types';

export interface QueueHost {
  readonly ask: Source<never>['ask'];
  runs(): Table;
  /** What is laid over the runs has changed. */
  changed(): void;
  /** Something was done, which can be undone, or was not possible. */
  told(text: string, undo: (() => void) | null): void;
}

export class EditQueue {
  #waiting: readonly Edit[] = [];
  #marks: ReadonlySet<string> = new Set();

  constructor(readonly host: QueueHost) {}

  get canEdit(): boolean {
    return this.host.ask !== undefined;
  }

  /** Edits that are not written yet. */
  get waiting(): readonly Edit[] {
    return this.#waiting;
  }

  isPending(run: string, column: string): boolean {
    return this.#marks.has(`${column} ${run}`);
  }

  /** Makes the change; `said` tells what was done, in the past. */
  do(edits: readonly Edit[], said: string): void {
    if (!this.host.ask || edits.length === 0) return;
    const back = edits.toReversed().flatMap(edit => inverse(edit, this.host.runs()));
    this.#send(edits);
    this.host.told(said, back.length > 0 ? () => this.#send(back) : null);
  }

  #send(edits: readonly Edit[]): void {
    this.#set([...this.#waiting, ...edits]);
    const done = () => this.#set(this.#waiting.filter(edit => !edits.includes(edit)));
    this.host.ask!({ do: 'edit', edits }).then(
      answer => {
        done();
        for (const notice of answer.notices ?? []) this.host.told(notice, null);
      },
      (error: unknown) => {
        done();
        this.host.told(error instanceof Error ? error.message : String(error), null);
      },
    );
  }

  #set(waiting: readonly Edit[]): void {
    this.#waiting = waiting;
    this.#marks = new Set(
      waiting.flatMap(edit => edit.runs.flatMap(run => columnsOf(edit).map(name => `${name} ${run}`))),
    );
    this.host.changed();
  }
}

function columnsOf(edit: Edit): string[] {
  return [
    ...(edit.name === undefined ? [] : ['name']),
    ...(edit.note === undefined ? [] : ['note']),
    ...(edit.star === undefined ? [] : ['star']),
    ...Object.keys(edit.tags ?? {}).map(key => `tags.${key}`),
  ];
}
