import test from 'ava';
import { Progress } from '../../source/cli/progress.ts';
import type { Clock } from 'kasper-ts';
import { memoryOutput } from './memory-io.ts';

/** A clock whose hands are turned by the test. */
function handClock(): { clock: Clock; turn: (ms: number) => void } {
  let now = 0;
  return {
    clock: { now: () => now, wallNow: () => now, after: () => ({ cancel: () => undefined }) },
    turn: (ms) => {
      now += ms;
    },
  };
}

test('where no terminal is, a line is written whenever another tenth is done', (t) => {
  const { stream, text } = memoryOutput();
  const { clock, turn } = handClock();
  const progress = new Progress(stream, clock);
  progress.start(2000);
  for (const done of [50, 200, 210, 900, 2000]) {
    turn(1000);
    progress.update(done);
  }
  progress.stop();
  t.is(
    text(),
    ' 10%  200 of 2,000 records  100/s\n' +
      ' 40%  900 of 2,000 records  225/s\n' +
      '100%  2,000 of 2,000 records  400/s\n',
  );
});

test('nothing to do writes nothing', (t) => {
  for (const terminal of [true, false]) {
    const { stream, text } = memoryOutput(terminal);
    const progress = new Progress(stream);
    progress.start(0);
    progress.update(0);
    progress.stop();
    t.is(text(), '');
  }
});

test('on a terminal the bar ends full, and the cursor comes back', (t) => {
  const { stream, text, plain } = memoryOutput(true);
  const { clock, turn } = handClock();
  const progress = new Progress(stream, clock);
  progress.start(1000);
  turn(2000);
  progress.update(1000);
  progress.stop();
  t.regex(plain(), new RegExp(`  ${'█'.repeat(32)} 100%  1,000 of 1,000 records  500/s\\n$`));
  t.true(text().lastIndexOf('\u001B[?25h') > text().lastIndexOf('\u001B[?25l'), 'the cursor is shown last');
});

test('lines that are logged while the bar stands come out whole, above it', (t) => {
  const { stream, plain } = memoryOutput(true);
  const progress = new Progress(stream);
  progress.start(10);
  progress.stream().write('a log line\n');
  progress.update(10);
  progress.stop();
  progress.write('after\n');
  t.regex(plain(), /a log line\n.*100%.*\nafter\n$/s);
});
