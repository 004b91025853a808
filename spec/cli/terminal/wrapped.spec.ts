import test from 'ava';
import { wrapped, wrappedStream } from '../../../source/cli/terminal/wrapped.ts';
import { memoryOutput } from '../memory-io.ts';

test('a line that is wider than the terminal is broken between words, and continues further in', (t) => {
  t.is(
    wrapped('error: one two three four five six seven eight nine ten\nshort\n', 40),
    'error: one two three four five six seven\n  eight nine ten\nshort\n',
  );
  t.is(
    wrapped('  - an item of a list that is longer than the terminal is wide\n', 40),
    '  - an item of a list that is longer\n    than the terminal is wide\n',
  );
  t.is(
    wrapped('  130  A second one: exited immediately, without a word', 40, 5),
    '  130  A second one: exited immediately,\n       without a word',
  );
});

test('lines that fit, lines of a stack trace, and a word that is too long stay as they are', (t) => {
  const fits = `${'x'.repeat(40)}\n`;
  t.is(wrapped(fits, 40), fits);
  const frame = `    at process (file:///a/folder/with a space/${'deep/'.repeat(20)}job.mjs:2:8)\n`;
  t.is(wrapped(frame, 40), frame);
  t.is(wrapped(`see ${'y'.repeat(60)} there`, 40), `see\n  ${'y'.repeat(60)}\n  there`);
});

test('without a terminal, and on one that has no room for words, nothing is changed', (t) => {
  const line = 'a line of more than forty columns, which is not broken anywhere';
  t.is(wrapped(line, undefined), line);
  t.is(wrapped(line, 20), line);
});

test('letters that are two columns wide count as two', (t) => {
  t.is(wrapped(`${'日本 '.repeat(9)}end`, 40), `${'日本 '.repeat(7)}日本\n  日本 end`);
});

test('a stream of lines follows a terminal that changes its size', (t) => {
  const { stream, text } = memoryOutput();
  let width = 50;
  const lines = wrappedStream(stream, () => width);
  lines.write('one two three four five six seven eight nine\n');
  width = 40;
  lines.write('one two three four five six seven eight nine\n');
  t.is(
    text(),
    'one two three four five six seven eight nine\none two three four five six seven eight\n  nine\n',
  );
});
