/** The filter box: checked as it is typed, with the mistake marked below it and suggestions for the word at the caret. */
import { type Completion, complete, type Filter, FilterError } from '../core/filter';
import type { Table } from '../core/types';
import { h } from './dom';
import { button, close, openBelow } from './table_dom';

export interface FilterHost {
  readonly table: () => Table;
  check(where: string): Filter | FilterError;
  /** A filter without mistake was typed. */
  applied(where: string): void;
}

const PAUSE = 250;
const CONTEXT = 28;

export class FilterBox {
  readonly input = h('input', {
    type: 'text',
    role: 'combobox',
    placeholder: 'Filter runs, e.g. metrics.accuracy > 0.9',
    spellcheck: 'false',
    autocomplete: 'off',
    autocapitalize: 'off',
    dir: 'auto',
    'aria-label': 'Filter runs',
    'aria-autocomplete': 'list',
    'aria-expanded': 'false',
  });
  readonly #clear = button('×', { class: 'drop', 'aria-label': 'Clear the filter', hidden: true }, () =>
    this.#write(''),
  );
  readonly #list = h('div', {
    class: 'popup offers',
    popover: 'manual',
    role: 'listbox',
    id: 'offers',
    'aria-label': 'Suggestions',
  });
  readonly element = h('div', { class: 'search' }, this.input, this.#clear, this.#list);
  /** What is wrong with the filter, or which name in it no run has. */
  readonly message = h('div', { class: 'says', role: 'status', hidden: true });
  #completion: Completion = { from: 0, to: 0, suggestions: [] };
  #choice = -1;
  #timer = 0;
  #applied = '';
  readonly #ends = new AbortController();

  constructor(readonly host: FilterHost) {
    const { signal } = this.#ends;
    this.input.setAttribute('aria-controls', 'offers');
    this.input.addEventListener('input', () => this.#typed());
    this.input.addEventListener('keydown', event => this.#key(event));
    this.input.addEventListener('blur', () => this.#enter());
    this.#list.addEventListener('mousedown', event => this.#picked(event));
    window.addEventListener('scroll', event => event.target !== this.#list && this.#hide(), { capture: true, signal });
  }

  dispose(): void {
    window.clearTimeout(this.#timer);
    this.#ends.abort();
  }

  /** Takes a filter from outside; what a person is typing just now stays. */
  show(where: string, unknown: readonly string[]): void {
    if (where !== this.#applied) {
      this.#applied = where;
      this.input.value = where;
      this.#clear.hidden = where === '';
    }
    if (this.input.value === where) this.#tell(this.host.check(where), unknown);
  }

  /** Empties the box and applies that. */
  clear(): void {
    this.#write('');
  }

  #write(text: string): void {
    this.input.value = text;
    this.input.focus();
    this.#hide();
    this.#clear.hidden = text === '';
    this.#apply();
  }

  #typed(): void {
    this.#clear.hidden = this.input.value === '';
    this.#suggest();
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#apply(true), PAUSE);
  }

  /** Applies what is in the box. A filter that is only not yet finished is no mistake while it is `typing`. */
  #apply(typing = false): void {
    window.clearTimeout(this.#timer);
    const where = this.input.value.trim() === '' ? '' : this.input.value;
    const result = this.host.check(where);
    if (result instanceof FilterError) {
      if (!typing || result.at < where.trimEnd().length) this.#tell(result, []);
      return;
    }
    this.#tell(result, result.unknown);
    if (where === this.#applied) return;
    this.#applied = where;
    this.host.applied(where);
  }

  #tell(result: Filter | FilterError, unknown: readonly string[]): void {
    const wrong = result instanceof FilterError;
    this.element.classList.toggle('wrong', wrong);
    this.message.classList.toggle('wrong', wrong);
    this.input.setAttribute('aria-invalid', String(wrong));
    this.message.hidden = !wrong && unknown.length === 0;
    if (wrong) this.message.replaceChildren(marked(this.input.value, result.at), result.message);
    else this.message.replaceChildren(unknown.length > 0 ? `No run has ${unknown.join(', ')}.` : '');
  }

  #suggest(): void {
    const caret = this.input.selectionStart ?? this.input.value.length;
    this.#completion = complete(this.input.value, caret, this.host.table());
    this.#choice = -1;
    const offers = this.#completion.suggestions.map(({ text, detail }, i) =>
      h(
        'div',
        { class: 'offer', role: 'option', id: `offer-${i}` },
        h('span', { dir: 'auto' }, text),
        h('small', {}, detail),
      ),
    );
    this.#list.replaceChildren(...offers);
    this.input.removeAttribute('aria-activedescendant');
    this.input.setAttribute('aria-expanded', String(offers.length > 0));
    if (offers.length > 0) openBelow(this.#list, this.input);
    else close(this.#list);
  }

  #hide(): void {
    this.input.setAttribute('aria-expanded', 'false');
    close(this.#list);
  }

  get #open(): boolean {
    return this.input.getAttribute('aria-expanded') === 'true';
  }

  #key(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (this.#open) this.#choose(this.#choice + (event.key === 'ArrowDown' ? 1 : -1));
      else this.#suggest();
    } else if (event.key === 'Enter' || (event.key === 'Tab' && this.#open)) {
      if (!this.#accept(event.key === 'Tab' ? Math.max(0, this.#choice) : this.#choice)) this.#enter();
    } else if (event.key === 'Escape') {
      if (this.#open) this.#hide();
      else if (this.input.value !== '') this.#write('');
    } else {
      return;
    }
    event.preventDefault();
  }

  #enter(): void {
    this.#hide();
    this.#apply();
  }

  #choose(choice: number): void {
    const count = this.#list.children.length;
    this.#choice = (choice + count) % count;
    Array.from(this.#list.children).forEach((child, i) => {
      child.setAttribute('aria-selected', String(i === this.#choice));
      if (i === this.#choice) child.scrollIntoView({ block: 'nearest' });
    });
    this.input.setAttribute('aria-activedescendant', `offer-${this.#choice}`);
  }

  #picked(event: MouseEvent): void {
    event.preventDefault();
    const offer = event.target instanceof Element ? event.target.closest('.offer') : null;
    if (offer) this.#accept(Array.from(this.#list.children).indexOf(offer));
  }

  #accept(choice: number): boolean {
    const suggestion = this.#completion.suggestions[choice];
    if (!suggestion || !this.#open) return false;
    const { from, to } = this.#completion;
    const { value } = this.input;
    const before = `${value.slice(0, from)}${suggestion.text} `;
    this.input.value = before + value.slice(to).trimStart();
    this.input.setSelectionRange(before.length, before.length);
    this.#typed();
    return true;
  }
}

/** The text around a mistake with the mistake marked. */
function marked(text: string, at: number): HTMLElement {
  const from = Math.max(0, at - CONTEXT);
  const length = /^(\p{L}[\p{L}\p{N}_.]*|\S)/u.exec(text.slice(at))?.[0].length ?? 0;
  const head = `${from > 0 ? '…' : ''}${text.slice(from, at)}`;
  const rest = text.slice(at + length, at + length + CONTEXT);
  const more = at + length + CONTEXT < text.length ? '…' : '';
  return h('code', {}, head, h('mark', {}, length > 0 ? text.slice(at, at + length) : ' '), rest + more);
}
