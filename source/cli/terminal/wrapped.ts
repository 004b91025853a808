import { Writable } from 'node:stream';
import { widthOf } from './table.ts';

/** What continues a line is this much further in than the line itself. */
const HANG = 2;
/** A narrower terminal wraps by itself: there is no room for words. */
const LEAST_WIDTH = 40;
/** Of a stack trace, whose lines lead to a place in a file. */
const FRAME = /^\s+at /;

/**
 * Text whose lines are broken between words where a terminal would break them within one; what
 * continues a line is further in. Lines that fit, and those of a stack trace, stay as they are.
 *
 * @param width of the terminal; undefined where there is none: then nothing is changed
 * @param hang how much further in; default 2
 */
export function wrapped(text: string, width: number | undefined, hang: number = HANG): string {
  if (width === undefined || width < LEAST_WIDTH) return text;
  return text
    .split('\n')
    .map((line) => (widthOf(line) <= width || FRAME.test(line) ? line : brokenLine(line, width, hang)))
    .join('\n');
}

function brokenLine(line: string, width: number, hang: number): string {
  const [indent = ''] = /^\s*(?:- )?/.exec(line) ?? [];
  const further = ' '.repeat(indent.length + (indent.endsWith('- ') ? 0 : hang));
  const lines: string[] = [];
  let current = indent;
  let isEmpty = true;
  for (const [, gap = '', word = ''] of line.slice(indent.length).matchAll(/(\s*)(\S+)/g)) {
    const next = isEmpty ? current + word : current + gap + word;
    if (!isEmpty && widthOf(next) > width) {
      lines.push(current);
      current = further + word;
    } else current = next;
    isEmpty = false;
  }
  return [...lines, current].join('\n');
}

/**
 * A stream of whole lines for a terminal, which are {@link wrapped}.
 *
 * @param width asked for each line, since a terminal may change its size
 */
export function wrappedStream(
  to: NodeJS.WritableStream,
  width: () => number | undefined,
): NodeJS.WritableStream {
  return new Writable({
    decodeStrings: false,
    write(lines: string | Buffer, _encoding, done) {
      to.write(wrapped(String(lines), width()));
      done();
    },
  });
}
