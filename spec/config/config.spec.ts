import test from 'ava';
import { noopMetrics } from '../../metrics/noop.ts';
import { groupIdOf } from '../../source/config/group-names.ts';
import { makeConfig } from '../../source/config/config.ts';
import { optionNames, type TopicProcessorOptions } from '../../source/config/options.ts';
import { unknownOption } from '../../source/config/option-checks.ts';
import { MapStore } from '../../stores/map-store.ts';
import { MultiMapStore } from '../../stores/multi-map-store.ts';
import { good, problemsOf, rows } from './good-options.ts';

test('only name, client, topics and partitions must be given', (t) => {
  const config = makeConfig(good);
  t.deepEqual(config.inputTopics, ['a', 'b']);
  t.deepEqual(config.inputPartitions, [0, 3]);
  t.is(config.groupId, 'kasper-topic-processor-orders');
  for (const row of rows) {
    if (row.default !== undefined) t.is(config[row.name as keyof typeof config], row.default, row.name);
  }
  t.is(config.batchBytes, 16 * 1024 * 1024, 'a quarter of maxBufferBytes');
  t.deepEqual(config.stores, {});
  t.deepEqual(config.middleware, []);
});

test('a monitor is taken as it is, or by its options; those of one bring metrics', (t) => {
  const monitor = { watch: () => Promise.resolve(() => Promise.resolve()) };
  t.is(makeConfig({ ...good, monitor }).monitor, monitor);
  t.is(makeConfig({ ...good, monitor }).metrics, noopMetrics);
  const opened = makeConfig({ ...good, monitor: { port: 9464 } });
  t.deepEqual(opened.monitor, { port: 9464 });
  t.not(opened.metrics, noopMetrics);
  const metrics = { ...noopMetrics };
  t.is(makeConfig({ ...good, monitor: { port: 9464 }, metrics }).metrics, metrics);
  t.is(makeConfig(good).monitor, undefined);
});

test('the group is named after the job', (t) => {
  t.is(groupIdOf('x'), 'kasper-topic-processor-x');
});

test('a name whose group would be the claims group of another job is refused', (t) => {
  t.deepEqual(problemsOf({ topicProcessorName: 'orders-claims' }), [
    "topicProcessorName must not end with '-claims', as 'orders-claims' does: its offsets would be taken for the claims of another job",
  ]);
  t.is(makeConfig(good).claimsGroupId, 'kasper-topic-processor-orders-claims');
});

test('instanceId is a name, or not given', (t) => {
  t.is(makeConfig(good).instanceId, undefined);
  t.is(makeConfig({ ...good, instanceId: 'pod-0' }).instanceId, 'pod-0');
  for (const instanceId of ['', 'two words', 7, null, 'x'.repeat(201)]) {
    const problems = problemsOf({ instanceId });
    t.is(problems.length, 1);
    t.regex(
      problems[0] ?? '',
      /^instanceId must be 1 to 200 letters, digits, dots, dashes or underscores, not /,
    );
  }
});

test('each of the four that must be given is asked for', (t) => {
  for (const name of Object.keys(good)) {
    const problems = problemsOf({ [name]: undefined });
    t.is(problems.length, 1, name);
    t.true(problems[0]?.startsWith(name), problems[0]);
  }
});

for (const row of rows) {
  const wrong: readonly unknown[] =
    row.kind === 'integer'
      ? [
          '5',
          null,
          Number.NaN,
          Number.POSITIVE_INFINITY,
          1.5,
          5n,
          Symbol('s'),
          {},
          Object.create(null),
          [],
          () => 1,
        ]
      : [null, 1, 'nonsense', 5n, Symbol('s'), {}, Object.create(null), []];

  test(`${row.name} of a wrong type is named, with what it must be`, (t) => {
    for (const value of wrong) {
      const problems = problemsOf({ [row.name]: value });
      t.is(problems.length, 1);
      t.regex(problems[0] ?? '', new RegExp(`^${row.name} must be .*, not `));
    }
  });

  if (row.kind !== 'integer') continue;
  const { minimum = 0, maximum } = row;
  test(`${row.name} has a lower bound, and may be at it`, (t) => {
    t.deepEqual(problemsOf({ [row.name]: minimum - 1 }), [
      `${row.name} must be at least ${minimum}${row.unit === undefined ? '' : ` ${row.unit}`}, not ${minimum - 1}`,
    ]);
    const others = { maxRecordBytes: 100, batchBytes: row.name === 'maxBufferBytes' ? 1 : minimum };
    t.deepEqual(
      problemsOf({ ...(row.name === 'maxSendBufferBytes' ? others : {}), [row.name]: minimum }),
      [],
    );
  });

  if (maximum === undefined) continue;
  test(`${row.name} has an upper bound, and may be at it`, (t) => {
    t.deepEqual(problemsOf({ [row.name]: maximum + 1 }), [
      `${row.name} must be at most ${maximum}${row.unit === undefined ? '' : ` ${row.unit}`}, not ${maximum + 1}`,
    ]);
    const others = row.name === 'maxRecordBytes' ? { maxSendBufferBytes: maximum } : {};
    t.deepEqual(problemsOf({ ...others, [row.name]: maximum }), []);
  });
}

test('an unknown option is named, with the known one that is nearest', (t) => {
  t.deepEqual(problemsOf({ batchSise: 5 }), ["unknown option 'batchSise'; did you mean 'batchSize'?"]);
  t.deepEqual(problemsOf({ concurency: 2 }), ["unknown option 'concurency'; did you mean 'concurrency'?"]);
  t.regex(unknownOption('zzzzzzzzzzzzzzzzzzzzzzzz'), /; known are topicProcessorName, client, /);
  t.is(unknownOption('flsh', ['store', 'flush']), "unknown option 'flsh'; did you mean 'flush'?");
});

test('every option that is known is listed once', (t) => {
  t.is(new Set(optionNames).size, optionNames.length);
  for (const row of rows) t.true(optionNames.includes(row.name));
});

test('the result is frozen, with all lists in it', (t) => {
  const config = makeConfig({ ...good, stores: { a: new MapStore() } });
  t.true(Object.isFrozen(config));
  for (const part of [
    config.inputTopics,
    config.inputPartitions,
    config.middleware,
    config.stores,
    config.flushedStores,
  ])
    t.true(Object.isFrozen(part));
});

test("the caller's object is left as it is, and may change later", (t) => {
  const options = {
    ...good,
    inputTopics: ['a'],
    inputPartitions: [0],
    stores: { s: { store: new MapStore(), flush: true } },
    middleware: [],
  };
  const before = structuredClone({ ...options, stores: Object.keys(options.stores.s) });
  const config = makeConfig(options);
  t.deepEqual({ ...options, stores: Object.keys(options.stores.s) }, before);
  t.false(Object.isFrozen(options));
  t.false(Object.isFrozen(options.inputTopics));
  options.inputTopics.push('b');
  options.inputPartitions.push(1);
  t.deepEqual(config.inputTopics, ['a']);
  t.deepEqual(config.inputPartitions, [0]);
});

test('an option that is undefined is as one that is not given', (t) => {
  const config = makeConfig({
    ...good,
    batchSize: undefined,
    logger: undefined,
  } as unknown as TopicProcessorOptions);
  t.is(config.batchSize, 1000);
});

test('stores are recognized by their methods, wrapped or not', (t) => {
  const plain = new MapStore();
  const multi = new MultiMapStore();
  const flushed = new MapStore();
  // A store with a member of that name is still a store, not a wrapper.
  const layered = Object.assign(new MapStore(), { store: plain });
  const config = makeConfig({
    ...good,
    stores: {
      plain,
      multi,
      flushed: { store: flushed, flush: true },
      kept: { store: plain, flush: false },
      layered,
    },
  });
  t.is(config.stores['plain'], plain);
  t.is(config.stores['multi'], multi);
  t.is(config.stores['flushed'], flushed);
  t.is(config.stores['kept'], plain);
  t.is(config.stores['layered'], layered);
  t.deepEqual(config.flushedStores, ['flushed']);
});
