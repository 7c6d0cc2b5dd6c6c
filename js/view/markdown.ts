/** Markdown as elements: made one by one, so that nothing but what is named here can come of it. */
import { type Block, type Inline, parseMarkdown } from '../core/markdown';
import { h } from './dom';

/** The text as a piece of page. */
export function markdown(text: string): HTMLElement {
  return h('div', { class: 'trk-md', dir: 'auto' }, ...parseMarkdown(text).map(block));
}

function block(one: Block): HTMLElement {
  switch (one.kind) {
    case 'heading':
      return h(`h${Math.min(6, one.level + 2)}` as 'h3', {}, ...one.parts.map(inline));
    case 'paragraph':
      return h('p', {}, ...one.parts.map(inline));
    case 'code':
      return h('pre', { tabindex: 0 }, one.text);
    case 'quote':
      return h('blockquote', {}, ...one.blocks.map(block));
    case 'list':
      return h(one.ordered ? 'ol' : 'ul', {}, ...one.items.map(item => h('li', {}, ...item.map(block))));
    case 'table':
      return h('table', {}, ...one.rows.map((row, i) => h('tr', {}, ...row.map(cell => tableCell(cell, i === 0)))));
    case 'rule':
      return h('hr');
  }
}

function tableCell(parts: readonly Inline[], head: boolean): HTMLElement {
  return h(head ? 'th' : 'td', {}, ...parts.map(inline));
}

function inline(one: Inline): Node {
  switch (one.kind) {
    case 'text':
      return document.createTextNode(one.text);
    case 'code':
      return h('code', {}, one.text);
    case 'link': {
      const attributes = { href: one.href, target: '_blank', rel: 'noopener noreferrer', title: one.href };
      return h('a', attributes, ...one.parts.map(inline));
    }
    default:
      return h(one.kind, {}, ...one.parts.map(inline));
  }
}
