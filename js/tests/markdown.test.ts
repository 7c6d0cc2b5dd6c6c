import { expect, test } from 'vitest';
import { parseMarkdown } from '../core/markdown';
import { plainFigure } from '../core/plain_figure';
import { markdown } from '../view/markdown';

const html = (text: string) => markdown(text).innerHTML;

test('headings, paragraphs, lists, quotes, code and tables', () => {
  expect(html('# Title #\ntext\nmore')).toBe('<h3>Title</h3><p>text\nmore</p>');
  expect(html('- one\n- two\n  - inner\n\n1. first\n2. second')).toBe(
    '<ul><li><p>one</p></li><li><p>two</p><ul><li><p>inner</p></li></ul></li></ul>' +
      '<ol><li><p>first</p></li><li><p>second</p></li></ol>',
  );
  expect(html('> said\n> again')).toBe('<blockquote><p>said\nagain</p></blockquote>');
  expect(html('```python\nx = 1\n# no heading\n```\nafter')).toBe(
    '<pre tabindex="0">x = 1\n# no heading</pre><p>after</p>',
  );
  expect(html('| a | b |\n|---|:-:|\n| 1 | 2 |')).toBe(
    '<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>',
  );
  expect(html('***')).toBe('<hr>');
});

test('what stands out within a line', () => {
  expect(html('**bold** *slanted* `co<de` ~~gone~~ snake_case_name 2*3*4')).toBe(
    '<p><strong>bold</strong> <em>slanted</em> <code>co&lt;de</code> <del>gone</del> snake_case_name 2<em>3</em>4</p>',
  );
  expect(html('see https://example.org/a_b, or [there](https://example.org)')).toContain(
    'href="https://example.org/a_b"',
  );
});

test('nothing but text comes of markup, and no link leads anywhere but to the web', () => {
  const made = markdown(
    '<script>alert(1)</script> [x](javascript:alert(1)) ![p](http://a/b.png) <img src=x onerror=alert(1)> [d](data:text/html,x)',
  );
  expect(made.querySelectorAll('script, img')).toHaveLength(0);
  expect([...made.querySelectorAll('a')].map(link => link.getAttribute('href'))).toEqual(['http://a/b.png']);
  expect(made.querySelector('a')!.rel).toBe('noopener noreferrer');
});

test('no text makes it slow', { timeout: 20_000 }, () => {
  const once = (text: string) => {
    const started = performance.now();
    parseMarkdown(text);
    return performance.now() - started;
  };
  const time = (text: string) => Math.min(once(text), once(text), once(text));
  for (const piece of ['[', '**a', '`', '*a ', '_a', '> ', '- ', '|', ' ', '~~a', '![](', 'https://', '#']) {
    const [short, long] = [2_000, 16_000].map(length => time(piece.repeat(length / piece.length)));
    expect(long, piece).toBeLessThan(40 * short! + 400); // eight times as long, and not its square
  }
});

test('a figure loses what it would fetch, and what it styles', () => {
  const figure = plainFigure({
    data: [{ x: [1], name: "<b style='background:url(http://e/x)'>n</b>", text: '$\\alpha$' }],
    layout: { width: 9000, images: [{ source: 'http://e/p.png' }], template: { layout: { images: [1] } }, title: 'ok' },
  });
  expect(JSON.stringify(figure)).toBe(
    '{"data":[{"x":[1],"name":"<b data-style=\'background:url(http://e/x)\'>n</b>","text":"&#36;\\\\alpha&#36;"}],' +
      '"layout":{"template":{"layout":{}},"title":"ok"}}',
  );
  for (const none of [null, 1, {}, { data: [] }, { data: [{ type: 'scattermapbox' }] }, { data: ['x'] }]) {
    expect(plainFigure(none)).toBeNull();
  }
});
