import test from 'ava';
import { limitRepeats, type RepeatLimits } from '../../source/kernel/limit-repeats.ts';
import { ConfigError } from '../../source/kernel/errors.ts';
import { FakeClock } from '../../source/testing/fake-clock.ts';
import { LineLogger } from '../_helpers/fakes/processor-run.ts';

function limited(limits: RepeatLimits = {}) {
  const clock = new FakeClock();
  const below = new LineLogger();
  const logger = limitRepeats(below, { clock, ...limits });
  const told = () =>
    below.lines.splice(0).map(({ message, fields }) => `${message} ${JSON.stringify(fields ?? {})}`);
  return { clock, below, logger, told };
}

test('three lines of a kind are written in a minute, then one that counts the rest and has the fields of the last', async (t) => {
  const { clock, logger, told } = limited();
  for (let attempt = 0; attempt < 10; attempt++) logger.warn('No broker', { error: 'refused', attempt });
  const written = (attempt: number) => `No broker {"error":"refused","attempt":${attempt}}`;
  t.deepEqual(told(), [written(0), written(1), written(2)]);
  await clock.advance(59_999);
  t.deepEqual(told(), []);
  await clock.advance(1);
  t.deepEqual(told(), [
    'No broker … 7 more like this in the last 60 s {"error":"refused","attempt":9,"more":7}',
  ]);
  logger.warn('No broker', { error: 'refused', attempt: 10 });
  t.deepEqual(told(), [written(10)], 'the next interval begins with the next line');
  t.is(clock.pending, 0);
});

test('a fault that lasts an hour at a line a second leaves four lines a minute, and no line is lost', async (t) => {
  const { clock, below, logger } = limited();
  for (let second = 0; second < 3600; second++) {
    logger.warn('No broker');
    await clock.advance(1000);
  }
  logger.close();
  t.is(below.lines.length, 4 * 60);
  const counted = below.lines.map(({ fields }) => (fields?.['more'] as number | undefined) ?? 1);
  t.is(
    counted.reduce((sum, each) => sum + each),
    3600,
  );
});

test('level, message, key fields, children and errors tell kinds apart; numbers within texts do not', (t) => {
  const { logger, told } = limited({ atMost: 1 });
  logger.warn('late by 3 ms');
  logger.warn('late by 4 ms');
  logger.error('late by 3 ms');
  logger.warn('late by 3 ms', { topic: 'a', partition: 1 });
  logger.warn('late by 3 ms', { topic: 'a', partition: 2, offset: 17 });
  logger.warn('late by 3 ms', { topic: 'a', partition: 2, offset: 18 });
  logger.child({ component: 'kafkajs' }).warn('late by 3 ms');
  logger.child({ component: 'kafkajs' }).warn('late by 3 ms');
  logger.warn('failed', { error: new Error('port 1') });
  logger.warn('failed', { error: new Error('port 2') });
  logger.warn('failed', { error: new TypeError('port 2') });
  logger.warn('failed', { error: 'refused' });
  t.is(told().length, 8);
  logger.close();
  t.deepEqual(
    told().map((line) => line.replace(/ \{.*/, '')),
    [
      'late by 3 ms … 1 more like this in the last 1 s',
      'late by 3 ms … 1 more like this in the last 1 s',
      'late by 3 ms … 1 more like this in the last 1 s',
      'failed … 1 more like this in the last 1 s',
    ],
  );
});

test('debug and info lines pass, and other levels are limited if asked for', (t) => {
  const { logger, told } = limited({ atMost: 1 });
  for (let line = 0; line < 3; line++) {
    logger.debug('d');
    logger.info('i');
  }
  t.is(told().length, 6);
  const { logger: quieter, told: toldByIt } = limited({ atMost: 1, levels: ['info'] });
  for (let line = 0; line < 3; line++) {
    quieter.warn('w');
    quieter.info('i');
  }
  t.is(toldByIt().length, 4);
});

test('close tells what is held back, and later lines pass', async (t) => {
  const { clock, logger, told } = limited({ atMost: 1 });
  for (let line = 0; line < 3; line++) logger.warn('w');
  await clock.advance(20_000);
  logger.close();
  logger.close();
  t.deepEqual(told(), ['w {}', 'w … 2 more like this in the last 20 s {"more":2}']);
  for (let line = 0; line < 3; line++) logger.warn('w');
  t.is(told().length, 3);
  t.is(clock.pending, 0);
});

test('an interval is told of when it ends, also where another kind began to repeat before', async (t) => {
  const { clock, logger, told } = limited({ atMost: 1 });
  logger.warn('first');
  await clock.advance(10_000);
  logger.warn('second');
  logger.warn('second');
  logger.warn('first');
  t.is(told().length, 2);
  await clock.advance(50_000);
  t.deepEqual(told(), ['first … 1 more like this in the last 60 s {"more":1}']);
  await clock.advance(10_000);
  t.deepEqual(told(), ['second … 1 more like this in the last 60 s {"more":1}']);
});

test('memory is bounded: beyond maxKinds the oldest kind is told and forgotten', async (t) => {
  const { clock, logger, told } = limited({ atMost: 1, maxKinds: 100 });
  logger.warn('same');
  logger.warn('same');
  for (let topic = 0; topic < 100_000; topic++) logger.warn('other', { topic: `t${topic}` });
  const lines = told();
  t.is(lines.length, 100_002);
  t.is(lines[100], 'same … 1 more like this in the last 1 s {"more":1}');
  await clock.advance(60_000);
  t.deepEqual(told(), []);
  t.is(clock.pending, 0);
});

test('a logger that is limited already counts as it did, and closing the new one only tells', (t) => {
  const { logger, told } = limited({ atMost: 1 });
  const inner = limitRepeats(logger.child({ component: 'c' }), { atMost: 50 });
  inner.warn('w');
  inner.warn('w');
  inner.close();
  inner.warn('w');
  inner.warn('w');
  t.deepEqual(told(), ['w {}', 'w … 1 more like this in the last 1 s {"more":1}', 'w {}']);
});

test('whatever a field holds, a line is written', (t) => {
  const { below, logger } = limited({ atMost: 1, fields: ['odd'] });
  const odd = [Symbol('s'), Object.create(null) as object, 10n, null, () => 1];
  for (const value of odd) logger.child({ value }).warn('odd', { odd: value, error: value, shown: 1 });
  t.is(below.lines.length, odd.length);
});

test('limits that make no sense are refused', (t) => {
  const error = t.throws(() => limited({ atMost: 0, perMs: 1.5, maxKinds: -1 }), { instanceOf: ConfigError });
  t.deepEqual(error.problems, [
    'atMost must be a whole number of at least 1, not 0',
    'perMs must be a whole number of at least 1, not 1.5',
    'maxKinds must be a whole number of at least 1, not -1',
  ]);
});
