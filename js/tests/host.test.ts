import { expect, test } from 'vitest';
import type { RunData } from '../core/run';
import { modelSource } from '../widgets/host';

class Model {
  readonly sent: { ask: number; page: string }[] = [];
  readonly #heard = new Map<string, ((...values: unknown[]) => void)[]>();
  get = () => undefined;
  set = () => {};
  save_changes = () => {};
  send = (content: { ask: number; page: string }) => void this.sent.push(content);
  on(name: string, heard: (...values: unknown[]) => void): void {
    this.#heard.set(name, [...(this.#heard.get(name) ?? []), heard]);
  }
  off = () => {};
  tell(name: string, ...values: unknown[]): void {
    for (const heard of this.#heard.get(name) ?? []) heard(...values);
  }
}

test('answers find their questions; those that wait for a kernel that ends are told so', async () => {
  const model = new Model();
  const { ask } = modelSource<RunData>(model as never, { asks: true });
  const [first, second] = ['a', 'b'].map(run => ask!({ do: 'detail', run }));
  const [asked] = model.sent;
  model.tell('msg:custom', { answer: asked!.ask, page: 'another', run: 1 }, []);
  model.tell('msg:custom', { answer: asked!.ask, page: asked!.page, run: 2 }, []);
  expect((await first)!['run']).toBe(2);
  model.tell('comm:close');
  await expect(second).rejects.toThrow('has ended');
  await expect(ask!({ do: 'detail', run: 'c' })).rejects.toThrow('has ended');
  expect(model.sent).toHaveLength(2);
});
