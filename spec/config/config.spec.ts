import test from 'ava';
import fc from 'fast-check';
import { noopMetrics } from '../../metrics/noop.ts';
import { groupIdOf } from '../../source/config/group-names.ts';
import { makeConfig } from '../../source/config/config.ts';
import { optionNames, type TopicProcessorOptions } from '../../source/config/options.ts';
import { unknownOption } from '../../source/config/option-checks.ts';
import type { OptionRow } from '../../source/config/option-row.ts';
import { optionRows } from '../../source/config/option-table.ts';
import { ConfigError } from '../../source/kernel/errors.ts';
import { MapStore } from '../../stores/map-store.ts';
import { MultiMapStore } from '../../stores/multi-map-store.ts';

const rows: readonly OptionRow[] = optionRows;
const good = Object.freeze({
  topicProcessorName: 'orders',
  client: Object.freeze({ brokers: ['localhost:9092'] }),
  inputTopics: Object.freeze(['a', 'b']),
  inputPartitions: Object.freeze([0, 3]),
});

/** The problems with `options` that are merged into good ones. */
function problemsOf(options: object): readonly string[] {
  try {
    makeConfig({ ...good, ...options });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

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

const badLists: readonly (readonly [options: object, problem: RegExp])[] = [
  [{ inputTopics: [] }, /^inputTopics must be a list of at least one topic name, not an empty list$/],
  [{ inputTopics: 'a' }, /^inputTopics must be a list .* not 'a'$/],
  [{ inputTopics: ['a', 'b', 'a'] }, /^inputTopics: 'a' is listed twice$/],
  [{ inputTopics: ['a', ''] }, /^inputTopics: '' is not a topic name/],
  [{ inputTopics: ['a', 'b c'] }, /^inputTopics: 'b c' is not a topic name/],
  [{ inputTopics: ['..'] }, /^inputTopics: '\.\.' is not a topic name/],
  [{ inputTopics: ['a', Object.create(null) as object] }, /^inputTopics: an object is not a topic name/],
  [{ inputTopics: ['x'.repeat(250)] }, /^inputTopics: 'x{60}…' is not a topic name/],
  [
    { inputPartitions: [] },
    /^inputPartitions must be a list of at least one partition number, not an empty list$/,
  ],
  [{ inputPartitions: 3 }, /^inputPartitions must be a list .* not 3$/],
  [{ inputPartitions: [0, 1, 0] }, /^inputPartitions: 0 is listed twice$/],
  [{ inputPartitions: [-1] }, /^inputPartitions: -1 is not a partition number/],
  [{ inputPartitions: [1.5] }, /^inputPartitions: 1\.5 is not a partition number/],
  [{ inputPartitions: ['1'] }, /^inputPartitions: '1' is not a partition number/],
  [{ inputPartitions: [Symbol('s')] }, /^inputPartitions: Symbol\(s\) is not a partition number/],
  [{ inputPartitions: [2 ** 31] }, /^inputPartitions: 2147483648 is not a partition number/],
  [{ topicProcessorName: '' }, /^topicProcessorName must be 1 to 200 letters/],
  [{ topicProcessorName: 'a b' }, /^topicProcessorName must be .* not 'a b'$/],
  [{ topicProcessorName: Object.create(null) as object }, /^topicProcessorName must be .* not an object$/],
  [{ client: 'localhost:9092' }, /^client must be a kafkajs Kafka or its options, .* not 'localhost:9092'$/],
  [{ client: null }, /^client must be .* not null$/],
  [{ partitioner: 'crc' }, /^partitioner must be 'murmur2', 'fnv1a' or a function .* not 'crc'$/],
  [{ commitMetadata: 5 }, /^commitMetadata must be a string or a function, not 5$/],
  [
    { commitMetadata: 'x'.repeat(4097) },
    /^commitMetadata may have at most 4096 bytes as UTF-8 .* not 4097: 'x{60}…'$/,
  ],
  [{ middleware: () => undefined }, /^middleware must be a list of functions, not a function$/],
  [{ middleware: [() => undefined, 5] }, /^middleware\[1\] must be a function, not 5$/],
  [
    { logger: { info: () => undefined } },
    /^logger must have the methods debug, info, warn, error, child; got an object/,
  ],
  [{ metrics: {} }, /^metrics must have the methods newCounter/],
  [
    { monitor: 9464 },
    /^monitor must be \{ port, host, blockedAfterMs, allowedHosts \}, such as .* or have the method 'watch'; got 9464$/,
  ],
  [{ monitor: {} }, /^monitor\.port must be a whole number from 0 to 65535, not undefined$/],
  [{ monitor: { port: 65_536 } }, /^monitor\.port must be .* not 65536$/],
  [{ monitor: { port: '9464' } }, /^monitor\.port must be .* not '9464'$/],
  [
    { monitor: { port: 1, host: '' } },
    /^monitor\.host must be a name or an address, such as '127\.0\.0\.1', not ''$/,
  ],
  [{ monitor: { port: 1, hots: 'x' } }, /^monitor: unknown option 'hots'; did you mean 'host'\?$/],
  [
    { monitor: { port: 1, blockedAfterMs: 0 } },
    /^monitor\.blockedAfterMs must be a whole number of ms, at least 1000, not 0$/,
  ],
  [
    { monitor: { port: 1, allowedHosts: 'x' } },
    /^monitor\.allowedHosts must be a list of host names, not 'x'$/,
  ],
  [{ clock: Date }, /^clock must have the methods now, wallNow, after; got a function/],
  [{ stores: [new MapStore()] }, /^stores must be an object \{ name: store \}, not a list of 1$/],
  [
    { stores: new Map([['a', new MapStore()]]) },
    /^stores must be an object \{ name: store \}, not an object of Map$/,
  ],
  [{ stores: new MapStore() }, /^stores must be an object \{ name: store \}, not an object of MapStore$/],
  [{ stores: Promise.resolve({}) }, /^stores must be an object \{ name: store \}, not an object of Promise$/],
  [
    { stores: { a: {} } },
    /^stores\.a must be a Store, a MultiStore, or \{ store, flush, tenantLabel \}, not an object of Object$/,
  ],
  [{ stores: { a: { store: {} } } }, /^stores\.a must be a Store/],
  [{ stores: { a: null } }, /^stores\.a must be a Store, .* not null$/],
  [
    { stores: { a: { store: new MapStore(), flash: true } } },
    /^stores\.a: unknown option 'flash'; known are store, flush and tenantLabel$/,
  ],
  [
    { stores: { a: { store: new MapStore(), flush: 'yes' } } },
    /^stores\.a\.flush must be true or false, not 'yes'$/,
  ],
  [
    { stores: { a: { store: new MultiMapStore(), tenantLabel: 'name' } } },
    /^stores\.a\.tenantLabel must be true or a function of the tenant, not 'name'$/,
  ],
  [
    { stores: { a: { store: new MapStore(), tenantLabel: true } } },
    /^stores\.a\.tenantLabel is for a MultiStore: a Store has no tenants$/,
  ],
  [
    { stores: { a: { store: { get: noop, putAll: noop }, flush: true } } },
    /^stores\.a is to be flushed, but has no flush method$/,
  ],
  [
    { batchBytes: 2_000_000, maxBufferBytes: 1_048_576 },
    /^batchBytes \(2000000\) must not exceed maxBufferBytes \(1048576\)/,
  ],
  [
    { maxRecordBytes: 2000, maxSendBufferBytes: 1000 },
    /^maxRecordBytes \(2000\) must not exceed maxSendBufferBytes \(1000\)/,
  ],
];
function noop(): void {
  // A method that is there.
}
for (const [at, [options, problem]] of badLists.entries()) {
  test(`bad input ${at + 1} is refused with one problem: ${problem.source}`, (t) => {
    const problems = problemsOf(options);
    t.is(problems.length, 1, problems.join('\n'));
    t.regex(problems[0] ?? '', problem);
  });
}

test('options that are no object are refused', (t) => {
  for (const options of [undefined, null, 5, 'x']) {
    t.throws(() => makeConfig(options as unknown as TopicProcessorOptions), { instanceOf: ConfigError });
  }
});

test('all problems are reported in one error', (t) => {
  const error = t.throws(
    () =>
      makeConfig({
        topicProcessorName: '',
        client: undefined,
        inputTopics: ['a', 'a'],
        inputPartitions: [],
        batchSize: 0,
        batchWaitMs: -1,
        concurrency: 1.5,
        isolation: 'serializable',
        colour: 'blue',
      } as unknown as TopicProcessorOptions),
    { instanceOf: ConfigError },
  );
  t.is(error.problems.length, 9);
  for (const name of [
    'topicProcessorName',
    'client',
    "'a' is listed twice",
    'inputPartitions',
    'batchSize',
    'batchWaitMs',
    'concurrency',
    'isolation',
    'colour',
  ])
    t.true(error.message.includes(name), name);
  t.true(error.message.startsWith('TopicProcessor options: 9 problems:\n  - '));
  t.true(Object.isFrozen(error.problems));
});

test('a limit across two options is not reported when one of them is wrong itself', (t) => {
  t.deepEqual(problemsOf({ batchBytes: 100_000_000, maxBufferBytes: 'much' }), [
    "maxBufferBytes must be a whole number of bytes, at least 1048576, not 'much'",
  ]);
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

const numbers = rows.filter(({ kind }) => kind === 'integer');
test('any mixture of numbers is either taken as it is or refused, each bad one by name', (t) => {
  const anyOptions = fc.record(
    Object.fromEntries(
      numbers.map(({ name }) => [
        name,
        fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -2, max: 3e6 }), fc.double()),
      ]),
    ),
    { requiredKeys: [] },
  );
  const check = () => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        const frozen = Object.freeze({ ...options });
        const problems = problemsOf(frozen);
        const isBad = ({ name, minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: OptionRow) => {
          const value = frozen[name];
          return (
            value !== undefined && !(Number.isSafeInteger(value) && value >= minimum && value <= maximum)
          );
        };
        for (const row of numbers) {
          const named = problems.filter((problem) => problem.startsWith(`${row.name} must be`));
          if (named.length !== (isBad(row) ? 1 : 0)) return false;
        }
        if (problems.length > 0) return true;
        const config = makeConfig({ ...good, ...frozen });
        return Object.entries(frozen).every(([name, value]) => config[name as 'batchSize'] === value);
      }),
      { numRuns: 300 },
    );
  };
  t.notThrows(check);
});

test('whatever is given, nothing but a ConfigError is thrown', (t) => {
  const anything = fc.anything({
    withBigInt: true,
    withNullPrototype: true,
    withMap: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
  });
  const check = () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...optionNames, 'other'), anything), (options) => {
        problemsOf(options);
      }),
      { numRuns: 500 },
    );
  };
  t.notThrows(check);
});
