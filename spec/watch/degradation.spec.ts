import test from 'ava';
import type { Trouble } from '../../source/kafka/trouble.ts';
import { ConnectionError } from '../../source/kernel/errors.ts';
import { Degradation } from '../../source/watch/degradation.ts';
import { FakeClock } from '../../source/testing/fake-clock.ts';
import { LineLogger } from '../_helpers/fakes/processor-run.ts';

const refused = new ConnectionError('Broker a:9092 (to connect): connect ECONNREFUSED', { retriable: true });

function made({ starting = false } = {}) {
  const clock = new FakeClock();
  const logger = new LineLogger();
  const degradation = new Degradation({ clock, logger, isStarting: () => starting });
  degradation.start();
  const trouble = (kind: Trouble['kind'], what: string, leftMs = 120_000): Trouble => ({
    kind,
    what,
    since: clock.now(),
    givesUpAt: clock.now() + leftMs,
    error: refused,
  });
  return { clock, logger, degradation, trouble };
}

test('a silence of Kafka is degraded from 5 s on, is said once, and once that it is over', async (t) => {
  const { clock, logger, degradation, trouble } = made();
  degradation.onAnswer();
  const reading = trouble('read', 'Reading in/0');
  degradation.onUnanswered(clock.now(), refused);
  degradation.onTrouble(reading);
  const began = clock.wallNow();
  await clock.advance(4_999);
  t.is(degradation.now, null);
  t.deepEqual(logger.lines, []);
  await clock.advance(1);
  const [at5s] = logger.messages('warn');
  t.is(
    at5s,
    'Degraded: Kafka cannot be reached for 5 s; gives up in 115 s (Broker a:9092 (to connect): connect ECONNREFUSED)',
  );
  await clock.advance(10_000);
  t.deepEqual(degradation.now, {
    since: began,
    givesUpAt: began + 120_000,
    problems: [
      'Kafka cannot be reached for 15 s; gives up in 105 s (Broker a:9092 (to connect): connect ECONNREFUSED)',
    ],
  });
  degradation.onAnswer();
  degradation.onTroubleOver(reading);
  t.is(degradation.now, null);
  await clock.advance(60_000);
  t.deepEqual(logger.messages('warn'), [at5s, 'No longer degraded, after 16 s']);
  t.is(clock.pending, 0, 'nothing is looked at while nothing fails');
});

test('what has failed since before the last answer does not hide that nothing is answered any more', async (t) => {
  const { clock, degradation, trouble } = made();
  degradation.onTrouble(trouble('read', 'Reading in/0'));
  await clock.advance(200);
  degradation.onAnswer();
  degradation.onUnanswered(clock.now(), refused);
  await clock.advance(4_800);
  t.regex(degradation.now?.problems[0] ?? '', /^Kafka cannot be reached for 5 s; gives up in 115 s/);
});

test('what fails while brokers answer is named, the oldest first, and no more than five', async (t) => {
  const { clock, logger, degradation, trouble } = made();
  for (let n = 0; n < 7; n++) {
    degradation.onTrouble(trouble('commit', `Committing in/${n}`, 60_000));
    await clock.advance(100);
  }
  await clock.advance(9_000);
  const { problems } = degradation.now ?? { problems: [] };
  t.is(problems.length, 6);
  t.regex(problems[0] ?? '', /^Committing in\/0 has failed for 10 s; gives up in 50 s \(Broker a:9092 .*\)$/);
  t.is(problems[5], '2 more requests fail as well');
  t.is(logger.messages('warn').length, 1);
});

test('a question that a run may give up says nothing of the end, but for one of the start', (t) => {
  for (const starting of [false, true]) {
    const { clock, degradation, trouble } = made({ starting });
    degradation.onTrouble({ ...trouble('ask', 'ListOffsets'), since: clock.now() - 6_000 });
    const { problems, givesUpAt } = degradation.now ?? { problems: [], givesUpAt: 0 };
    t.is(problems[0]?.includes('gives up'), starting);
    t.is(givesUpAt, starting ? clock.wallNow() + 120_000 : null);
  }
});

test('of a first connection the client itself warns', async (t) => {
  const { clock, logger, degradation, trouble } = made({ starting: true });
  degradation.onUnanswered(clock.now(), refused);
  degradation.onTrouble(trouble('connect', 'Connecting to Kafka', 30_000));
  await clock.advance(10_000);
  t.regex(degradation.now?.problems[0] ?? '', /^Kafka cannot be reached for 10 s; gives up in 20 s/);
  t.deepEqual(logger.lines, []);
});

test('one of several brokers that does not answer is no silence of Kafka', async (t) => {
  const { clock, degradation } = made();
  degradation.onAnswer();
  for (let n = 0; n < 20; n++) {
    degradation.onUnanswered(clock.now() - 5_000, refused);
    t.is(degradation.now, null);
    degradation.onAnswer();
    await clock.advance(1_000);
  }
  t.is(degradation.now, null);
});
