/** Where lines go: a stream, or the place where progress is shown. */
export interface LineTarget {
  write(lines: string): unknown;
}

/**
 * Forwards a stream in whole lines, so that lines of several processes are not mixed.
 */
export function forwardLines(from: NodeJS.ReadableStream, to: LineTarget): void {
  let rest = '';
  from.setEncoding('utf8');
  from.on('data', (text: string) => {
    const end = text.lastIndexOf('\n') + 1;
    if (end === 0) {
      rest += text;
      return;
    }
    to.write(rest + text.slice(0, end));
    rest = text.slice(end);
  });
  from.on('end', () => {
    if (rest !== '') to.write(`${rest}\n`);
  });
}
