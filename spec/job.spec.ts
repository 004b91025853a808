import test from 'ava';
import { defineJob } from '../source/job.ts';
import { ConfigError } from '../source/kernel/errors.ts';
import type { MessageProcessor } from '../source/message-processor.ts';
import { FakeKafka } from '../source/testing/fake-kafka/fake-kafka.ts';
import { TopicProcessor } from '../source/topic-processor.ts';
import { MapStore } from '../stores/map-store.ts';
import { MultiMapStore } from '../stores/multi-map-store.ts';
import { fixture, LineLogger, noting, valuesOf, type SeenBatch } from './_helpers/fakes/processor-run.ts';

const options = { topicProcessorName: 'spec', inputTopics: ['in'] };
const idle: MessageProcessor = { process: () => undefined };
const client = () => new FakeKafka().createTopic('in').client();

test('a job is its options with the processor, in one argument or two', (t) => {
  t.deepEqual(defineJob(options, idle), { ...options, processor: idle });
  const whole = { ...options, processor: idle };
  t.is(defineJob(whole), whole);
  t.is(defineJob(whole, idle).processor, idle);
  t.throws(() => defineJob(whole, { ...idle }), {
    instanceOf: ConfigError,
    message: /two different processors were given/,
  });
});

test('a job runs as the options of a TopicProcessor', async (t) => {
  const { kafka, clock, log } = fixture(t);
  kafka.createTopic('in').append('in', 0, 'a', 'b');
  const batches: SeenBatch[] = [];
  const job = defineJob({ ...options, clock, logger: log, claims: false }, noting(batches));
  const processor = new TopicProcessor({ ...job, client: kafka.client(), inputPartitions: [0] });
  await processor.runToEnd();
  t.deepEqual(valuesOf(batches), ['a', 'b']);
});

test('two processors, or none, are a ConfigError', async (t) => {
  const all = { ...options, client: client(), inputPartitions: [0] };
  const same = new TopicProcessor({ ...all, processor: idle }, idle);
  await same.close();
  t.throws(() => new TopicProcessor({ ...all, processor: idle }, { ...idle }), {
    instanceOf: ConfigError,
    message: /two different processors were given, in the options and as the second argument/,
  });
  t.throws(() => new TopicProcessor(all as never), {
    instanceOf: ConfigError,
    message: /the MessageProcessor has no process function, but is undefined/,
  });
});

test('a function of stores is called once, with stores in memory and a warning, or with those that are given', async (t) => {
  const { kafka, clock } = fixture(t);
  kafka.createTopic('in').append('in', 0, 'a');
  const made: unknown[] = [];
  const job = defineJob(
    {
      ...options,
      clock,
      claims: false,
      stores: (stores) => {
        made.push(stores);
        t.is(stores.store('seen'), stores.store('seen'));
        t.not(stores.store('seen'), stores.store('other'));
        t.true(stores.multiStore('seen') instanceof MultiMapStore);
        return { seen: stores.store('seen') };
      },
    },
    {
      process: async (messages, _sender, { stores: { seen } }) => {
        for (const { value } of messages) await seen.put('a', value ?? Buffer.alloc(0));
      },
    },
  );
  const log = new LineLogger();
  const set = { ...job, client: kafka.client(), inputPartitions: [0] };
  await new TopicProcessor({ ...set, logger: log }).runToEnd();
  t.is(made.length, 1);
  t.regex(log.warnings().join('\n'), /The stores are in the memory of this process.*Give jobStores/);

  const store = new MapStore();
  const quiet = new LineLogger();
  const jobStores = { store: () => store, multiStore: () => new MultiMapStore() };
  const own = { ...set, client: kafka.append('in', 0, 'b').client(), logger: quiet };
  await new TopicProcessor({
    ...own,
    stores: (stores) => ({ seen: stores.store('x') }),
    jobStores,
  }).runToEnd();
  t.deepEqual(await store.get('a'), Buffer.from('b'));
  t.deepEqual(quiet.warnings(), []);
});

const refused: Readonly<Record<string, readonly [set: object, message: RegExp]>> = {
  'a function that throws': [
    {
      stores: () => {
        throw new Error('boom');
      },
    },
    /the function `stores` threw .*boom/,
  ],
  'a function that gives a promise': [
    { stores: () => Promise.resolve({}) },
    /gives a promise; it must give the stores/,
  ],
  'a function that gives no stores': [{ stores: () => 7 }, /must give an object \{ name: store \}, not 7/],
  'a function that gives what is no store': [{ stores: () => ({ a: 7 }) }, /stores\.a must be a Store/],
  'jobStores that are none': [
    { stores: () => ({}), jobStores: {} },
    /jobStores must be an object \{ store\(name\), multiStore\(name\) \}/,
  ],
  'jobStores for stores that are there': [
    { stores: {}, jobStores: { store: () => new MapStore(), multiStore: () => new MultiMapStore() } },
    /jobStores is for a job whose stores are a function/,
  ],
};

for (const [what, [set, message]] of Object.entries(refused)) {
  test(`refused is ${what}`, (t) => {
    const error = t.throws(
      () => new TopicProcessor({ ...options, client: client(), inputPartitions: [0], ...set }, idle),
      { instanceOf: ConfigError, message },
    );
    t.is(error.problems.length, 1);
  });
}
