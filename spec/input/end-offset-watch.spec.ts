import test, { type ExecutionContext } from 'ava';
import { makeConfig } from '../../source/config/config.ts';
import { EndOffsetWatch, type LogEnd } from '../../source/input/end-offset-watch.ts';
import type { Isolation, PartitionOffset } from '../../source/kafka/log-position.ts';
import { ConnectionError } from '../../source/kernel/errors.ts';
import { FakeClock } from '../../source/testing/fake-clock.ts';
import { LineLogger } from '../_helpers/fakes/processor-run.ts';

const partitions = [
  { topic: 'a', partition: 0 },
  { topic: 'a', partition: 1 },
];

function watched(t: ExecutionContext, isolation: Isolation = 'read_committed') {
  const clock = new FakeClock();
  const log = new LineLogger();
  const asked: Isolation[] = [];
  const taken: (readonly LogEnd[])[] = [];
  const kafka = {
    ends: { read_committed: [3, 4], read_uncommitted: [5, 6] } as Record<Isolation, number[]>,
    failure: undefined as Error | undefined,
    wait: undefined as Promise<void> | undefined,
  };
  const watch = new EndOffsetWatch({
    config: makeConfig({
      topicProcessorName: 'spec',
      client: { brokers: ['localhost:9092'] },
      inputTopics: ['a'],
      inputPartitions: [0, 1],
      isolation,
      clock,
    }),
    client: {
      async listOffsets(_spec, of, isolationAsked): Promise<PartitionOffset[]> {
        asked.push(isolationAsked);
        await kafka.wait;
        if (kafka.failure !== undefined) throw kafka.failure;
        return of.map((partition, at) => ({ ...partition, offset: kafka.ends[isolationAsked][at] ?? -1 }));
      },
    },
    logger: log,
    partitions,
    logs: { expectEnds: () => (ends) => taken.push(ends) },
    heldBack: { look: () => undefined, stop: () => undefined },
  });
  t.teardown(() => {
    watch.stop();
  });
  watch.start();
  return { clock, log, asked, taken, kafka, watch };
}

test('each metricsUpdateMs it asks for both ends, and says when they were told', async (t) => {
  const { clock, asked, taken, watch } = watched(t);
  await clock.advance(14_999);
  t.deepEqual(asked, []);
  t.is(watch.answeredAt, undefined);
  await clock.advance(1);
  t.deepEqual(asked, ['read_uncommitted', 'read_committed']);
  t.deepEqual(taken, [
    [
      { topic: 'a', partition: 0, visibleEnd: 3, highWatermark: 5 },
      { topic: 'a', partition: 1, visibleEnd: 4, highWatermark: 6 },
    ],
  ]);
  t.is(watch.answeredAt, clock.wallNow());
  t.is(watch.unansweredSince, undefined);
  await clock.advance(30_000);
  t.is(taken.length, 3);
});

test('where everything is seen one question does for both', async (t) => {
  const { clock, asked, taken } = watched(t, 'read_uncommitted');
  await clock.advance(15_000);
  t.deepEqual(asked, ['read_uncommitted']);
  t.deepEqual(taken[0]?.[1], { topic: 'a', partition: 1, visibleEnd: 6, highWatermark: 6 });
});

test('a high watermark that is older than the visible end is raised to it', async (t) => {
  const { clock, taken, kafka } = watched(t);
  kafka.ends.read_committed = [9, 4];
  await clock.advance(15_000);
  t.deepEqual(taken[0]?.[0], { topic: 'a', partition: 0, visibleEnd: 9, highWatermark: 9 });
});

test('it asks nothing while a question is unanswered, and tells since when', async (t) => {
  const { clock, asked, taken, kafka, watch } = watched(t);
  let letGo: (() => void) | undefined;
  kafka.wait = new Promise((resolve) => {
    letGo = resolve;
  });
  await clock.advance(15_000);
  const since = clock.now();
  await clock.advance(60_000);
  t.is(asked.length, 2);
  t.is(watch.unansweredSince, since);
  letGo?.();
  await clock.advance(0);
  t.is(taken.length, 1);
  t.is(watch.unansweredSince, undefined);
  await clock.advance(15_000);
  t.is(asked.length, 4);
});

test('failures are ridden out; one that lasts is told once a minute, and since when', async (t) => {
  const { clock, log, taken, kafka, watch } = watched(t);
  kafka.failure = new ConnectionError('gone', { retriable: true });
  await clock.advance(15_000);
  const since = clock.now();
  await clock.advance(44_999);
  t.is(log.messages('warn').length, 1);
  await clock.advance(15_001);
  t.is(log.messages('warn').length, 2);
  t.is(watch.unansweredSince, since);
  kafka.failure = undefined;
  await clock.advance(15_000);
  t.is(taken.length, 1);
  t.is(watch.unansweredSince, undefined);
});

test('once stopped it asks nothing more, and what is still answered is not taken', async (t) => {
  const { clock, asked, taken, kafka, watch } = watched(t);
  let letGo: (() => void) | undefined;
  kafka.wait = new Promise((resolve) => {
    letGo = resolve;
  });
  await clock.advance(15_000);
  watch.stop();
  letGo?.();
  await clock.advance(60_000);
  t.is(asked.length, 2);
  t.deepEqual(taken, []);
  t.is(clock.pending, 0);
});
