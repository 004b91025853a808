import test from 'ava';
import { noTally } from '../../source/message-tally.ts';
import { healthOf, type HealthInputs } from '../../source/watch/health.ts';
import type {
  PartitionProcessorStats,
  PartitionStats,
  PartitionStep,
  ProcessorStats,
} from '../../source/stats.ts';

const batchesByTrigger = { count: 0, bytes: 0, age: 0, memory: 0, end: 0 };
const running: ProcessorStats = {
  topicProcessorName: 'spec',
  groupId: 'g',
  state: 'running',
  startedAt: 0,
  failure: null,
  degraded: null,
  recentErrors: [],
  endsAskedAt: null,
  records: 0,
  batches: 0,
  batchesByTrigger,
  sent: 0,
  repeated: 0,
  transactions: null,
  tally: noTally,
  buffered: 0,
  bufferedBytes: 0,
  inHand: 0,
  partitions: [],
  partitionProcessors: [],
};

function partition(parts: Partial<PartitionStats> = {}): PartitionStats {
  return {
    topic: 'in',
    partition: 0,
    position: 30,
    committed: 10,
    highWatermark: 60,
    lag: 50,
    paused: false,
    records: 0,
    msSinceProgress: 200_000,
    heldBack: null,
    ...parts,
  };
}

function processor(
  step: PartitionStep,
  parts: Partial<PartitionProcessorStats> = {},
): PartitionProcessorStats {
  return {
    partition: 0,
    step,
    busyMs: 130_000,
    buffered: 10,
    bufferedBytes: 1,
    inHand: 10,
    batches: 0,
    lastBatch: null,
    ...parts,
  };
}

function health(stats: Partial<ProcessorStats>, inputs: Partial<HealthInputs> = {}) {
  return healthOf({
    stats: { ...running, ...stats },
    stallTimeoutMs: 120_000,
    stallLagRecords: 0,
    heldBackTimeoutMs: 900_000,
    brokersSilentMs: 0,
    starting: 'it connects to Kafka',
    ...inputs,
  });
}

/** One partition, and what its processor is at. */
function stuck(
  parts: Partial<PartitionStats>,
  processors: PartitionProcessorStats,
  inputs: Partial<HealthInputs> = {},
) {
  return health({ partitions: [partition(parts)], partitionProcessors: [processors] }, inputs);
}

const good = { healthy: true, degraded: false, ready: true, problems: [] };

test('one that runs and has nothing to do is healthy and ready', (t) => {
  t.deepEqual(health({}), good);
  const idle = processor('idle', { busyMs: 0, inHand: 0, buffered: 0 });
  t.deepEqual(stuck({ lag: 0, msSinceProgress: 0, committed: 60, position: 60 }, idle), good);
  t.true(Object.isFrozen(health({})) && Object.isFrozen(health({}).problems));
});

for (const [state, problem] of [
  ['new', 'It has not been started yet'],
  ['starting', 'It is starting: it connects to Kafka'],
  ['closing', 'It is closing'],
  ['closed', 'It is closed'],
] as const) {
  test(`one that is ${state} is healthy, but not ready, and says why`, (t) => {
    const partitions = [partition()];
    const report = health({ state, partitions, partitionProcessors: [processor('process')] });
    t.deepEqual(report, { healthy: true, degraded: false, ready: false, problems: [problem] });
  });
}

for (const state of ['running', 'closing', 'failed'] as const) {
  test(`one whose run has failed is neither healthy nor ready, from its failure on: ${state}`, (t) => {
    const report = health({ state, failure: { code: 'PROCESS', message: 'boom' } });
    t.deepEqual(report, {
      healthy: false,
      degraded: false,
      ready: false,
      problems: ['The run has failed: boom'],
    });
  });
}

for (const [step, parts, text] of [
  ['process', {}, 'a batch of 10 messages has been in process for 130 s'],
  ['process', { inHand: 1 }, 'a batch of 1 message has been in process for 130 s'],
  ['produce', {}, 'the records that a batch of 10 messages sent have not been acked for 130 s'],
  ['store', {}, 'a flush of the stores for a batch of 10 messages has been running for 130 s'],
  ['commit', {}, 'commits are not acked'],
  ['queued', {}, 'a batch is due and waits for its turn'],
] as const) {
  test(`a partition that makes no progress is named, with what it is doing: ${text}`, (t) => {
    const report = stuck({}, processor(step, parts));
    t.false(report.healthy);
    t.true(report.ready);
    t.deepEqual(report.problems, [`in/0 has made no progress for 130 s, with a lag of 50 records: ${text}`]);
  });
}

test('a commit that is not acked counts also when nothing is left to process', (t) => {
  const report = stuck({ lag: 1 }, processor('idle', { busyMs: 0, buffered: 0, inHand: 0 }));
  t.deepEqual(report.problems, [
    'in/0 has made no progress for 200 s, with a lag of 1 record: commits are not acked',
  ]);
});

test('records that brokers do not send count, whatever another topic of the partition does', (t) => {
  const report = stuck({ position: 10 }, processor('process', { busyMs: 10 }));
  t.deepEqual(report.problems, [
    'in/0 has made no progress for 200 s, with a lag of 50 records: brokers send no records for it',
  ]);
  t.false(stuck({ position: 10, committed: null }, processor('idle')).healthy);
});

test('messages that gather for a batch that is not due are no stall', (t) => {
  t.deepEqual(stuck({}, processor('idle', { busyMs: 0, inHand: 0 })), good);
});

test('the time of a batch counts from when it was due', (t) => {
  t.deepEqual(stuck({}, processor('process', { busyMs: 119_999 })), good);
  t.false(stuck({}, processor('process', { busyMs: 120_000 })).healthy);
  t.deepEqual(stuck({ msSinceProgress: 119_999 }, processor('process')), good);
});

test('lag up to the limit is no stall', (t) => {
  t.deepEqual(stuck({}, processor('process'), { stallLagRecords: 50 }), good);
  t.false(stuck({}, processor('process'), { stallLagRecords: 49 }).healthy);
});

test('brokers that are silent for too long are a problem', (t) => {
  t.deepEqual(health({}, { brokersSilentMs: 119_999 }), good);
  const report = health({}, { brokersSilentMs: 125_400 });
  t.deepEqual(report, {
    healthy: false,
    degraded: false,
    ready: true,
    problems: ['No broker has answered for 125 s'],
  });
});

test('of many partitions that stall ten are named', (t) => {
  const partitions = Array.from({ length: 12 }, (_none, number) => partition({ partition: number }));
  const partitionProcessors = partitions.map(({ partition: number }) =>
    processor('process', { partition: number }),
  );
  const { problems } = health({ partitions, partitionProcessors });
  t.is(problems.length, 11);
  t.regex(problems[9] ?? '', /^in\/9 /);
  t.is(problems[10], '2 more partitions make no progress either');
});

test('what an open transaction holds back is a problem after heldBackTimeoutMs, and no reason to restart', (t) => {
  const held = (ms: number, producerIds: number[], number = 0) =>
    partition({ partition: number, lag: 0, msSinceProgress: 0, heldBack: { ms, offset: 17, producerIds } });
  const judge = (...partitions: PartitionStats[]) =>
    healthOf({
      stats: { ...running, partitions },
      stallTimeoutMs: 120_000,
      stallLagRecords: 0,
      heldBackTimeoutMs: 900_000,
      brokersSilentMs: 0,
      starting: '',
    });
  t.deepEqual(judge(held(899_999, [4711])), good);
  t.deepEqual(judge(held(900_000, [4711])), {
    healthy: true,
    degraded: false,
    ready: true,
    problems: [
      'An open transaction of producer 4711 has held back the records of in/0 from offset 17 on for 900 s',
    ],
  });
  t.deepEqual(judge(held(900_000, [])).problems, [
    'An open transaction has held back the records of in/0 from offset 17 on for 900 s',
  ]);
  const many = judge(...Array.from({ length: 300 }, (_none, number) => held(900_000, [], number))).problems;
  t.is(many.length, 11);
  t.is(many.at(-1), '290 more partitions are held back as well');
});
