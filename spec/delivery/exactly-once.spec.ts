import test from 'ava';
import {
  AssignmentError,
  ConfigError,
  openClient,
  silentLogger,
  TopicProcessor,
  type BatchReport,
  type KafkaClient,
} from '../../source/index.ts';
import { deferred } from '../_helpers/deferred.ts';
import { KeptMetrics } from '../_helpers/fakes/kept-metrics.ts';
import { copying, exactlyOnceJob, valuesIn } from '../_helpers/jobs/exactly-once-job.ts';
import { kafkajsOn } from '../_helpers/servers/embedded.ts';

test('outputs and offsets of each batch are committed in one transaction', async (t) => {
  const job = await exactlyOnceJob(t, { partitions: 2 });
  job.fill(55);
  const processor = job.make();
  const summary = await processor.runToEnd();
  t.is(summary.records, 110);
  for (const partition of [0, 1]) {
    const { committed, aborted, open } = job.outputs(partition);
    t.deepEqual(valuesIn(committed), job.inputs(partition));
    t.deepEqual([aborted, open], [[], []]);
    t.is(job.committed(partition), 55);
  }
  const { transactions } = processor.stats();
  // Six batches each, and the start positions.
  t.deepEqual(transactions, { committed: 14, aborted: 0, recovered: 0 });
});

test('the next batch is in process while a transaction ends, and is sent when it has ended', async (t) => {
  const job = await exactlyOnceJob(t);
  job.fill(20);
  job.cluster.faults.delay({ api: 'EndTxn', nth: 2, ms: 300, when: 'after' });
  const processor = job.make();
  const steps: string[] = [];
  processor.on('batch', ({ batch, step }: BatchReport) => steps.push(`${batch} ${step}`));
  await processor.runToEnd();
  const at = (step: string) => steps.indexOf(step);
  t.true(at('2 processed') < at('1 committed'), steps.join());
  t.true(at('2 flushed') > at('1 committed'), steps.join());
});

test('offsets of joined topics, and of a batch that sends nothing, are committed together', async (t) => {
  const job = await exactlyOnceJob(t);
  const other = `${job.input}-too`;
  job.cluster.createTopic(other, { partitions: 1 });
  job.fill(10);
  job.cluster.produce(other, [{ key: null, value: 'b' }]);
  const processor = job.make(
    { inputTopics: [job.input, other], batchSize: 100 },
    { process: () => undefined },
  );
  await processor.runToEnd();
  const committed = job.cluster.committed(job.groupId);
  t.deepEqual(
    committed.map(({ topic, offset }) => [topic, offset]),
    [
      [job.input, 10],
      [other, 1],
    ],
  );
});

test('a job may go from at least once to exactly once, and back, where it was', async (t) => {
  const job = await exactlyOnceJob(t);
  for (const delivery of ['at-least-once', 'exactly-once', 'at-least-once'] as const) {
    job.fill(15);
    await job.make({ delivery, commit: 'each' }).runToEnd();
  }
  t.deepEqual(valuesIn(job.outputs().committed), job.inputs());
  t.is(job.committed(), 45);
});

test('a process that takes over aborts what its former owner has open, before it reads the offsets', async (t) => {
  const job = await exactlyOnceJob(t);
  job.fill(10);
  const held = deferred();
  const sent = deferred();
  const former = job.make(
    {},
    {
      process: async (messages, sender) => {
        sender.send({ topic: job.output, key: null, value: String(messages.length) });
        await sender.flush();
        sent.resolve();
        await held.promise;
      },
    },
  );
  const failed = t.throwsAsync(former.runToEnd(), { code: 'FENCED' });
  await sent.promise;
  t.is(job.outputs().open.length, 1);
  await job.make().runToEnd();
  held.resolve();
  await failed;
  const { committed, aborted, open } = job.outputs();
  t.deepEqual(valuesIn(committed), job.inputs());
  t.is(aborted.length, 1);
  t.deepEqual(open, []);
});

test('options that do not fit are a ConfigError that says what to do', (t) => {
  const make = () =>
    new TopicProcessor(
      {
        topicProcessorName: 'once',
        client: { brokers: ['localhost:1'] },
        inputTopics: ['in'],
        inputPartitions: [0],
        delivery: 'exactly-once',
        idempotent: false,
        isolation: 'read_uncommitted',
      },
      copying('out'),
    );
  const error = t.throws(make, { instanceOf: ConfigError });
  t.deepEqual(error.problems, [
    "delivery 'exactly-once' needs idempotent: true, since transactions do: leave idempotent out",
    "delivery 'exactly-once' needs isolation 'read_committed', not 'read_uncommitted': records of aborted transactions would be processed",
  ]);
});

test('a client that has no transactions is a ConfigError', async (t) => {
  const job = await exactlyOnceJob(t);
  const client: KafkaClient = openClient({ brokers: [...job.cluster.brokers] }, { logger: silentLogger });
  const without = new Proxy(client, {
    get: (target, name) => {
      if (name === 'transactionalProducer') return undefined;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
  await t.throwsAsync(job.make({ client: without }).runToEnd(), {
    instanceOf: ConfigError,
    message: /needs a client with the method transactionalProducer/,
  });
});

test('consumers that are members of the group are refused: transactions are accepted beside them', async (t) => {
  const job = await exactlyOnceJob(t);
  job.fill(10);
  const consumer = kafkajsOn(job.cluster).consumer({ groupId: job.groupId });
  await consumer.connect();
  await consumer.subscribe({ topic: job.input });
  const joined = new Promise<void>((resolve) => {
    consumer.on('consumer.group_join', () => {
      resolve();
    });
  });
  await consumer.run({ eachMessage: () => Promise.resolve() });
  await joined;
  await t.throwsAsync(job.make().runToEnd(), {
    instanceOf: AssignmentError,
    message: /has active members \(state \w+\): spec at .*: stop these consumers/,
  });
  await consumer.disconnect();
  t.is(job.outputs().committed.length, 0);
});

test('a run says at its start what is covered, and its transactions are counted and timed', async (t) => {
  const job = await exactlyOnceJob(t);
  job.fill(30);
  const metrics = new KeptMetrics();
  await job.make({ metrics }).runToEnd();
  const line = job.log.lines.find(({ message }) => message.startsWith("delivery: 'exactly-once' covers"));
  t.is(line?.level, 'info');
  t.is(metrics.value('transactions_total', job.name, 'committed'), 4);
  t.is(metrics.value('transactions_total', job.name, 'aborted'), 0);
});

test('at least once there are no transactions, and no series of them', async (t) => {
  const job = await exactlyOnceJob(t);
  job.fill(10);
  const metrics = new KeptMetrics();
  const processor = job.make({ metrics, delivery: 'at-least-once' });
  await processor.runToEnd();
  t.is(processor.stats().transactions, null);
  t.deepEqual(metrics.all('transactions_total'), []);
});
