import test from 'ava';
import { Progress } from '../../../source/cli/terminal/progress.ts';
import type { Clock } from 'kasper-ts';
import { memoryOutput } from '../memory-io.ts';

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
    progress.update({ records: done, lag: 2000 - done });
  }
  progress.stop();
  t.is(
    text(),
    ' 10%  200 of 2,000 records  100/s  18 s left\n' +
      ' 45%  900 of 2,000 records  225/s  5 s left\n' +
      '100%  2,000 of 2,000 records  400/s\n',
  );
});

test('a run that ends before its rate can be told has none, in words and as JSON', (t) => {
  const words = memoryOutput();
  const { clock, turn } = handClock();
  const progress = new Progress(words.stream, clock);
  progress.start(3, 3);
  turn(1);
  progress.update({ records: 3, lag: 0 });
  t.is(words.text(), '100%  3 of 3 records\n');
  const json = memoryOutput();
  const asJson = new Progress(json.stream, clock, { json: true });
  asJson.start(3);
  asJson.update({ records: 3, lag: 0 });
  t.deepEqual(JSON.parse(json.text()), {
    progress: { records: 3, total: 3, lag: 0, recordsPerSecond: null, msLeft: 0 },
  });
});

test('a run that is stopping shows no time that is left, on a terminal, in lines and as JSON', (t) => {
  const texts = [false, true].map((terminal) => {
    const { stream, plain } = memoryOutput(terminal);
    const { clock, turn } = handClock();
    const progress = new Progress(stream, clock);
    progress.start(1000);
    turn(2000);
    progress.end();
    progress.update({ records: 500, lag: 500 });
    progress.stop();
    return plain().trim().split('\n').at(-1)?.trim();
  });
  t.is(texts[0], '50%  500 of 1,000 records  250/s');
  t.regex(texts[1] ?? '', / 50% {2}500 of 1,000 records {2}250\/s$/);
  const json = memoryOutput();
  const { clock, turn } = handClock();
  const progress = new Progress(json.stream, clock, { json: true });
  progress.start(1000);
  turn(2000);
  progress.end();
  progress.update({ records: 500, lag: 500 });
  t.like(JSON.parse(json.text()), { progress: { records: 500, msLeft: null } });
});

test('nothing to do writes nothing', (t) => {
  for (const terminal of [true, false]) {
    const { stream, text } = memoryOutput(terminal);
    const progress = new Progress(stream);
    progress.start(0);
    progress.update({ records: 0, lag: 0 });
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
  progress.update({ records: 1000, lag: 0 });
  progress.stop();
  t.regex(plain(), new RegExp(`  ${'█'.repeat(32)} 100%  1,000 of 1,000 records  500/s\\n$`));
  t.true(text().lastIndexOf('\u001B[?25h') > text().lastIndexOf('\u001B[?25l'), 'the cursor is shown last');
});

test('on a narrow terminal the bar and its figures are shorter, and log lines are not cut', (t) => {
  const { stream, plain, text } = memoryOutput(true);
  Object.assign(stream, { columns: 60 });
  const { clock, turn } = handClock();
  const progress = new Progress(stream, clock);
  progress.start(60_600);
  turn(4000);
  progress.update({ records: 12_400, lag: 48_200 });
  progress.write(`${'long '.repeat(30)}\n`);
  progress.stop();
  t.true(plain().includes('long '.repeat(30)));
  t.false(text().includes('\u001B[?7l'), 'the terminal goes on wrapping lines');
  t.regex(plain(), / {2}██░{8} 20% {2}12,400\/60,600 {2}3,100\/s {2}16 s left\n$/);
});

test('lines that are logged while the bar stands come out whole, above it', (t) => {
  const { stream, plain } = memoryOutput(true);
  const progress = new Progress(stream);
  progress.start(10);
  progress.stream().write('a log line\n');
  progress.update({ records: 10, lag: 0 });
  progress.stop();
  progress.write('after\n');
  t.regex(plain(), /a log line\n.*100%.*\nafter\n$/s);
});

test('a run without end writes a line each 5 s, with what is behind; the rate is that of the last 10 s', (t) => {
  const { stream, text } = memoryOutput();
  const { clock, turn } = handClock();
  const progress = new Progress(stream, clock);
  progress.start(undefined);
  for (let second = 1; second <= 20; second++) {
    turn(1000);
    progress.update({ records: second <= 10 ? second * 100 : 1000, lag: 5000 - second });
  }
  progress.stop();
  t.is(
    text(),
    '500 records  100/s  4,995 behind\n' +
      '1,000 records  100/s  4,990 behind\n' +
      '1,000 records  50/s  4,985 behind\n' +
      '1,000 records  0/s  4,980 behind\n',
  );
});

test('a tenth that takes long writes a line each 30 s; what came since the start is told', (t) => {
  const { stream, text } = memoryOutput();
  const { clock, turn } = handClock();
  const progress = new Progress(stream, clock);
  progress.start(1_000_000);
  for (let second = 1; second <= 60; second++) {
    turn(1000);
    progress.update({ records: second * 100, lag: 2_000_000 });
  }
  progress.stop();
  t.is(
    text(),
    '  0%  3,000 of 1,000,000 records  100/s  2 h 46 min left  2,000,000 behind\n' +
      '  0%  6,000 of 1,000,000 records  100/s  2 h 46 min left  2,000,000 behind\n',
  );
});

test('JSON lines tell the same, also on a terminal', (t) => {
  const { stream, text } = memoryOutput(true);
  const { clock, turn } = handClock();
  const progress = new Progress(stream, clock, { json: true });
  progress.start(1000);
  turn(1000);
  progress.update({ records: 250, lag: 750 });
  progress.stop();
  progress.start(undefined);
  turn(5000);
  progress.update({ records: 500, lag: 3 });
  t.deepEqual(
    text()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
    [
      { progress: { records: 250, total: 1000, lag: 750, recordsPerSecond: 250, msLeft: 3000 } },
      { progress: { records: 500, total: null, lag: 3, recordsPerSecond: 100, msLeft: null } },
    ],
  );
});

test('on a terminal a run without end has one line that moves', (t) => {
  const { stream, plain } = memoryOutput(true);
  const { clock, turn } = handClock();
  const progress = new Progress(stream, clock);
  progress.start(undefined);
  turn(2000);
  progress.update({ records: 1000, lag: 42 });
  progress.stop();
  t.regex(plain(), / {2}1,000 records {2}500\/s {2}42 behind\n$/);
});
