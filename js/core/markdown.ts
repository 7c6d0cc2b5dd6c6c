/** The Markdown of notes and README files as a tree of blocks. Pure; HTML in it is text, pictures become links. */

export type Inline =
  | { readonly kind: 'text' | 'code'; readonly text: string }
  | { readonly kind: 'strong' | 'em' | 'del'; readonly parts: readonly Inline[] }
  | { readonly kind: 'link'; readonly href: string; readonly parts: readonly Inline[] };

export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly parts: readonly Inline[] }
  | { readonly kind: 'paragraph'; readonly parts: readonly Inline[] }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'quote'; readonly blocks: readonly Block[] }
  | { readonly kind: 'list'; readonly ordered: boolean; readonly items: readonly (readonly Block[])[] }
  | { readonly kind: 'table'; readonly rows: readonly (readonly (readonly Inline[])[])[] }
  | { readonly kind: 'rule' };

const DEEPEST = 6;
const MOST = 20_000;

/** The blocks of a text; what is longer than any note goes on as plain text. */
export function parseMarkdown(text: string): Block[] {
  const blocks = blocksOf(text.slice(0, MOST).replaceAll('\r\n', '\n').split('\n'), 0);
  return text.length > MOST ? [...blocks, { kind: 'code', text: text.slice(MOST) }] : blocks;
}

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const HEADING = /^ {0,3}(#{1,6})\s(.*)$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])\s+(.*)$/;
const QUOTE = /^ {0,3}> ?(.*)$/;
const LONGEST_DIVIDER = 400;
const DIVIDER = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;

function blocksOf(lines: readonly string[], depth: number): Block[] {
  const blocks: Block[] = [];
  let at = 0;
  const takeWhile = (wanted: (line: string, i: number) => boolean): string[] => {
    const from = at;
    while (at < lines.length && wanted(lines[at]!, at)) at++;
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at]!;
    const fence = FENCE.exec(line)?.[1];
    const heading = HEADING.exec(line);
    if (line.trim() === '') at++;
    else if (fence) {
      at++;
      blocks.push({ kind: 'code', text: takeWhile(each => !each.trimStart().startsWith(fence)).join('\n') });
      at++;
    } else if (heading) {
      at++;
      blocks.push({
        kind: 'heading',
        level: heading[1]!.length,
        parts: parseInline(heading[2]!.trim().replace(/ #+$/, '')),
      });
    } else if (RULE.test(line)) {
      at++;
      blocks.push({ kind: 'rule' });
    } else if (QUOTE.test(line) && depth < DEEPEST) {
      const inner = takeWhile(each => QUOTE.test(each)).map(each => QUOTE.exec(each)![1]!);
      blocks.push({ kind: 'quote', blocks: blocksOf(inner, depth + 1) });
    } else if (ITEM.test(line) && depth < DEEPEST) {
      const ordered = isOrdered(line);
      blocks.push(
        listOf(
          takeWhile((each, i) => inList(lines, each, i, ordered)),
          ordered,
          depth,
        ),
      );
    } else if (line.includes('|') && DIVIDER.test((lines[at + 1] ?? '').slice(0, LONGEST_DIVIDER))) {
      const rows = takeWhile(each => each.includes('|')).filter((_, i) => i !== 1);
      blocks.push({ kind: 'table', rows: rows.map(row => cellsOf(row).map(cell => parseInline(cell))) });
    } else {
      const from = at;
      const own = takeWhile((each, i) => i === from || !begins(each, depth));
      if (own.length === 0) own.push(lines[at++]!);
      blocks.push({ kind: 'paragraph', parts: parseInline(own.map(each => each.trim()).join('\n')) });
    }
  }
  return blocks;
}

/** Whether a line ends a paragraph. */
function begins(line: string, depth: number): boolean {
  const nests = depth < DEEPEST && (QUOTE.test(line) || ITEM.test(line));
  return line.trim() === '' || FENCE.test(line) || HEADING.test(line) || RULE.test(line) || nests;
}

function isOrdered(line: string): boolean {
  return /^\s*\d/.test(line);
}

function inList(lines: readonly string[], line: string, i: number, ordered: boolean): boolean {
  if (/^ ?\S/.test(line) && ITEM.test(line) && isOrdered(line) !== ordered) return false;
  if (ITEM.test(line) || /^\s{2,}\S/.test(line)) return true;
  const next = lines[i + 1] ?? '';
  if (line.trim() === '') return ITEM.test(next) || /^\s{2,}\S/.test(next);
  return !begins(line, 0) && i > 0 && lines[i - 1]!.trim() !== '';
}

function listOf(lines: readonly string[], ordered: boolean, depth: number): Block {
  const items: string[][] = [];
  const indent = ITEM.exec(lines[0]!)![1]!.length;
  for (const line of lines) {
    const item = ITEM.exec(line);
    if (item && item[1]!.length < indent + 2) items.push([item[3]!]);
    else items.at(-1)!.push(line.replace(/^ {1,4}/, ''));
  }
  return { kind: 'list', ordered, items: items.map(item => blocksOf(item, depth + 1)) };
}

function cellsOf(row: string): string[] {
  return row
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map(cell => cell.trim());
}

/** Repetitions are bounded, so that no text makes the matching slow. */
const INLINE =
  /(`{1,3})([\s\S]{1,300}?)\1(?!`)|\*\*([^*\n]{1,300})\*\*|__([^_]{1,300})__|\*([^*\s][^*]{0,300})\*|\b_([^_\s][^_]{0,300})_\b|~~([^~]{1,300})~~|!?\[([^[\]]{0,200})\]\(([^()\s]{1,300})\)|(https?:\/\/[^\s<>()]{0,300}[^\s<>().,;:!?'"])/;

/** Text with what stands out in it. */
export function parseInline(text: string, depth = 0): Inline[] {
  const parts: Inline[] = [];
  let rest = text;
  while (rest) {
    const found = depth < DEEPEST ? INLINE.exec(rest) : null;
    if (!found) break;
    if (found.index > 0) parts.push({ kind: 'text', text: rest.slice(0, found.index) });
    parts.push(inlineOf(found, depth));
    rest = rest.slice(found.index + found[0].length);
  }
  if (rest) parts.push({ kind: 'text', text: rest });
  return parts;
}

function inlineOf(found: RegExpExecArray, depth: number): Inline {
  const [whole, , code, strong, strong2, em, em2, del, label, href, bare] = found;
  const within = (text: string) => parseInline(text, depth + 1);
  if (code !== undefined) return { kind: 'code', text: code.trim() };
  if (strong ?? strong2) return { kind: 'strong', parts: within((strong ?? strong2)!) };
  if (em ?? em2) return { kind: 'em', parts: within((em ?? em2)!) };
  if (del) return { kind: 'del', parts: within(del) };
  const target = href ?? bare ?? '';
  if (!isSafe(target)) return { kind: 'text', text: whole };
  return { kind: 'link', href: target, parts: [{ kind: 'text', text: label || target }] };
}

/** Whether a link may be followed: to the web or to a mailbox, nowhere else. */
function isSafe(href: string): boolean {
  return /^(?:https?:\/\/|mailto:)/i.test(href);
}
