/** A terminal's output as the text that a person would have seen. */

const ESCAPE = String.fromCharCode(27);
const CONTROL = new RegExp(`${ESCAPE}(?:\\[[0-9;?]*[ -/]*[@-~]|\\][^${ESCAPE}]*(?:${ESCAPE}\\\\|$))`, 'g');

/** Without colour codes, and with only the last state of lines that were written over (progress bars). */
export function plainText(text: string): string {
  const plain = text.includes(ESCAPE) ? text.replace(CONTROL, '') : text;
  if (!plain.includes('\r')) return plain;
  return plain
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map(line => line.slice(line.replace(/\r+$/, '').lastIndexOf('\r') + 1).replace(/\r+$/, ''))
    .join('\n');
}
