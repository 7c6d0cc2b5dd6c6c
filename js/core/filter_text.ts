/** Reading a filter's text: one place in it, what stands there, and the error that names the place. */

export type Expectation = 'column' | 'operator' | 'value' | 'joiner';

/** A mistake in a filter: `at` is its offset in the text, `expects` what could stand there. */
export class FilterError extends Error {
  override readonly name = 'FilterError';

  constructor(
    message: string,
    readonly at: number,
    readonly expects: Expectation | null = null,
    /** The column whose operator or value is wanted. */
    readonly column: string | null = null,
  ) {
    super(message);
  }
}

const BLANK = /\s*/y;
const WORD = /[A-Za-z]+/y;
const BARE = /[^\s()=<>!,;&|'"`]+/y;
const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\p{L}\p{N}_.])/uy;

export class FilterText {
  #at = 0;

  constructor(readonly text: string) {
    this.blank();
  }

  /** The offset of the next thing to read. */
  get at(): number {
    return this.#at;
  }

  get ended(): boolean {
    return this.#at >= this.text.length;
  }

  /** The character that stands here, '' at the end. */
  get here(): string {
    return this.text[this.#at] ?? '';
  }

  /** Takes `symbol` if it stands here. */
  symbol(symbol: string): boolean {
    if (!this.text.startsWith(symbol, this.#at)) return false;
    this.#move(symbol.length);
    return true;
  }

  /** Takes a keyword in any case if it stands here as a whole word. */
  keyword(word: string): boolean {
    if (this.#match(WORD)?.toUpperCase() !== word) return false;
    const after = this.text[this.#at + word.length] ?? '';
    if (/[\p{L}\p{N}_.]/u.test(after)) return false;
    this.#move(word.length);
    return true;
  }

  /** Takes a number, null if none stands here. */
  number(): number | null {
    const digits = this.#match(NUMBER);
    if (digits === null) return null;
    this.#move(digits.length);
    return Number(digits);
  }

  /** Takes a name without quotes; blanks after it are kept if `tight`. */
  bare(tight = false): string | null {
    const name = this.#match(BARE);
    if (name !== null) this.#move(name.length, tight);
    return name;
  }

  /** Takes text in `quote`s, in which a doubled quote is one; null if none stands here. */
  quoted(quote: string, tight = false): string | null {
    if (this.here !== quote) return null;
    const opened = this.#at;
    let value = '';
    let at = opened + 1;
    for (;;) {
      const close = this.text.indexOf(quote, at);
      if (close < 0) throw new FilterError(`This ${quote} is not closed.`, opened);
      value += this.text.slice(at, close);
      at = close + 1;
      if (this.text[at] !== quote) break;
      value += quote;
      at += 1;
    }
    this.#move(at - opened, tight);
    return value;
  }

  /** The error that something else is expected here. */
  expected(what: string, expects: Expectation | null = null, column: string | null = null): FilterError {
    return new FilterError(`Expected ${what}, ${this.#found()}.`, this.#at, expects, column);
  }

  #found(): string {
    if (this.ended) return 'but the filter ends here';
    const found = this.#match(BARE) ?? this.here;
    return `found ${found.length > 24 ? `${found.slice(0, 24)}…` : found}`;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.text)?.[0] ?? null;
  }

  #move(by: number, tight = false): void {
    this.#at += by;
    if (!tight) this.blank();
  }

  /** Passes over blanks. */
  blank(): void {
    this.#at += this.#match(BLANK)?.length ?? 0;
  }
}
