import test from 'ava';
import { BrokerError, TimeoutError } from '../source/kernel/errors.ts';
import { MapStore } from '../stores/map-store.ts';
import type { FakeCall } from '../source/testing/fake-kafka/fake-requests.ts';
import { KeptMetrics } from './_helpers/fakes/kept-metrics.ts';
import { fixture, GROUP, noting } from './_helpers/fakes/processor-run.ts';

function refusal(brokerError: string): BrokerError {
  return new BrokerError(brokerError, { brokerCode: 1, brokerError, retriable: true });
}

test('totals are what was processed and sent, per topic-partition', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in', 2).createTopic('more', 2).createTopic('out', 3);
  kafka.fill('in', 0, 12).appendGap('in', 0, 3).fill('in', 0, 4).fill('in', 1, 5).fill('more', 1, 7);
  const metrics = new KeptMetrics();
  const processor = make(
    noting([], (messages, sender) => {
      for (const { value, partition } of messages)
        sender.send({ topic: 'out', value, partition: partition + 1 });
    }),
    { inputTopics: ['in', 'more'], inputPartitions: [0, 1], metrics, stores: { s: new MapStore() } },
  );
  const summary = await processor.runToEnd();
  const bytes = [...kafka.records('in'), ...kafka.records('more')].reduce(
    (sum, record) => sum + record.bytes,
    0,
  );
  t.is(summary.records, 28);
  t.deepEqual(metrics.all('records_consumed_total'), [
    ['spec,in,0', 16],
    ['spec,in,1', 5],
    ['spec,more,0', 0],
    ['spec,more,1', 7],
  ]);
  t.is(metrics.value('bytes_consumed_total', 'spec'), bytes);
  t.deepEqual(metrics.all('records_produced_total'), [
    ['spec,out,1', 16],
    ['spec,out,2', 12],
  ]);
  t.true((metrics.value('bytes_produced_total', 'spec') ?? 0) > 28 * 20);
  t.deepEqual(metrics.all('records_repeated_total'), [['spec', 0]]);
  t.deepEqual(metrics.all('batches_total'), [
    ['spec,count', 2],
    ['spec,end', 2],
  ]);
  const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
  t.is(sum(metrics.observations('batch_records', 'spec')), 28);
  t.is(sum(metrics.observations('batch_bytes', 'spec')), bytes);
  for (const step of ['process', 'produce', 'store_flush', 'commit'])
    t.is(metrics.observations(`${step}_seconds`, 'spec').length, 4, step);
  t.true(metrics.observations('request_seconds', 'spec', 'commit').length > 0);
  const { partitions } = processor.stats();
  t.deepEqual(
    partitions.map(({ topic, partition, records }) => [topic, partition, records]),
    [
      ['in', 0, 16],
      ['more', 0, 0],
      ['in', 1, 5],
      ['more', 1, 7],
    ],
  );
});

test('gauges tell where it is at each scrape, and each metricsUpdateMs without one', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 14);
  const metrics = new KeptMetrics();
  const gate = kafka.hold('commit', ({ offsets }) => offsets?.some(({ offset }) => offset === 10) === true);
  const processor = make(noting([]), { inputPartitions: [0, 1], metrics, batchWaitMs: 60_000 });
  const run = processor.runLoop();
  await kafka.quiet();
  metrics.collect();
  t.deepEqual(metrics.all('lag_records'), [
    ['spec,in,0', 14],
    ['spec,in,1', 0],
  ]);
  t.deepEqual(metrics.all('committed_offset'), [
    ['spec,in,0', 0],
    ['spec,in,1', 0],
  ]);
  t.deepEqual(metrics.all('high_watermark_offset'), [
    ['spec,in,0', 14],
    ['spec,in,1', 0],
  ]);
  t.is(metrics.value('buffered_records', 'spec'), 4);
  t.true((metrics.value('buffered_bytes', 'spec') ?? 0) > 0);
  t.is(metrics.value('in_hand_records', 'spec'), 0);
  t.is(metrics.value('partitions_owned', 'spec'), 2);
  t.deepEqual(
    metrics.all('processor_state').filter(([, value]) => value !== 0),
    [['spec,running', 1]],
  );
  t.is(metrics.all('processor_state').length, 6);
  await clock.advance(14_000);
  gate.open();
  await kafka.quiet();
  await clock.advance(1000);
  t.is(metrics.value('committed_offset', 'spec', 'in', '0'), 10, 'after metricsUpdateMs');
  t.is(metrics.value('progress_age_seconds', 'spec', 'in', '0'), 1);
  t.is(metrics.value('progress_age_seconds', 'spec', 'in', '1'), 0);
  await clock.advance(5000);
  t.is(metrics.collect().value('progress_age_seconds', 'spec', 'in', '0'), 6, 'at a scrape');
  await processor.close();
  await run;
  t.is(metrics.collectors, 0);
  t.is(metrics.value('partitions_owned', 'spec'), 0);
  t.is(metrics.value('progress_age_seconds', 'spec', 'in', '0'), 0);
  t.is(metrics.value('processor_state', 'spec', 'closed'), 1);
});

test('errors are counted by code, also those that are ridden out, and the last are in stats()', async (t) => {
  const { kafka, clock, make, outcome } = fixture(t);
  kafka.createTopic('in', 2).createTopic('out').fill('in', 0, 3).fill('in', 1, 3);
  const metrics = new KeptMetrics();
  const processor = make(
    noting([], (messages, sender) => {
      for (const { value } of messages) sender.send({ topic: 'out', value });
    }),
    { inputPartitions: [0, 1], metrics },
  );
  const isWork = ({ offsets }: FakeCall) => offsets?.some(({ offset }) => offset > 0) === true;
  kafka.fail('commit', new TimeoutError('silent', { retriable: true }), { where: isWork });
  let refused = 0;
  kafka.intercept('commitOffset', ({ offset = 0, partition }) => {
    if (offset > 0 && partition === 1 && refused++ < 2) throw refusal('COORDINATOR_LOAD_IN_PROGRESS');
  });
  const result = outcome(processor.runToEnd());
  await clock.advance(5000);
  t.true((await result).ok);
  const counted = Object.fromEntries(metrics.all('commit_errors_total'));
  t.is(counted['spec,COORDINATOR_LOAD_IN_PROGRESS'], 2);
  t.true((counted['spec,TIMEOUT'] ?? 0) >= 1);
  const { recentErrors } = processor.stats();
  t.deepEqual(
    recentErrors.map(({ code, times }) => [code, times]),
    [
      ['COORDINATOR_LOAD_IN_PROGRESS', 2],
      ['TIMEOUT', 1],
    ],
  );
  t.is(recentErrors[0]?.partition, 1);
  t.is(processor.stats().failure, null);
});

test('a failure stands in stats(), with what led to it', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 3);
  const metrics = new KeptMetrics();
  const processor = make(
    noting([], (_messages, sender) => {
      sender.send({ topic: 'out', value: 'x' });
    }),
    { metrics },
  );
  t.is(processor.stats().startedAt, null);
  kafka.fail('produce', refusal('CORRUPT_MESSAGE'));
  t.false((await outcome(processor.runToEnd())).ok);
  const stats = processor.stats();
  t.is(stats.failure?.code, 'PROCESS');
  t.regex(stats.failure?.message ?? '', /^The flush of the sender failed for in\/0 offsets 0 to 2/);
  t.deepEqual(
    stats.recentErrors.map(({ code }) => code),
    ['PROCESS', 'CORRUPT_MESSAGE'],
  );
  t.is(stats.partitionProcessors[0]?.step, 'failed');
  t.deepEqual(metrics.all('produce_errors_total'), [['spec,CORRUPT_MESSAGE', 1]]);
  t.deepEqual(metrics.all('records_consumed_total'), [['spec,in,0', 0]]);
});

test('stats tell of each partition what it is at, and what its last batch took', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in', 2).createTopic('out').fill('in', 0, 23).fill('in', 1, 10);
  let letGo: (() => void) | undefined;
  const gate = kafka.hold('produce');
  const processor = make(
    {
      // One batch of a partition at a time is told apart more easily.
      overlapsFlush: false,
      async process(messages, sender) {
        sender.send({ topic: 'out', value: 'x' });
        if (messages[0]?.partition === 0) await new Promise<void>((resolve) => (letGo = resolve));
      },
    },
    { inputPartitions: [0, 1] },
  );
  const of = (partition: number) => processor.stats().partitionProcessors[partition];
  const run = processor.runLoop();
  await kafka.quiet();
  t.like(of(0), { partition: 0, step: 'process', inHand: 10, buffered: 13, batches: 0, lastBatch: null });
  t.like(of(1), { partition: 1, step: 'queued', inHand: 0, buffered: 10 });
  await clock.advance(250);
  t.is(of(0)?.busyMs, 250);
  letGo?.();
  await kafka.quiet();
  t.is(of(0)?.step, 'produce');
  await clock.advance(40);
  const held = kafka.hold('commit');
  gate.open();
  await kafka.quiet();
  t.like(of(0), { step: 'process', batches: 0, inHand: 10 });
  t.like(of(0)?.lastBatch, {
    records: 10,
    sent: 1,
    trigger: 'count',
    processMs: 250,
    produceMs: 40,
    storeMs: 0,
    commitMs: null,
    endedAt: clock.wallNow(),
  });
  await clock.advance(7);
  held.open();
  await kafka.quiet();
  t.like(of(0), { batches: 1 });
  t.is(of(0)?.lastBatch?.commitMs, 7);
  letGo?.();
  await kafka.quiet();
  t.like(of(0), { step: 'idle', busyMs: 0, buffered: 3, batches: 2 });
  t.is(kafka.committed(GROUP, 'in', 0), 20);
  await processor.close();
  await run;
  t.is(of(0)?.step, 'ended');
});
