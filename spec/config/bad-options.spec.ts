import test from 'ava';
import fc from 'fast-check';
import { makeConfig } from '../../source/config/config.ts';
import { optionNames, type TopicProcessorOptions } from '../../source/config/options.ts';
import type { OptionRow } from '../../source/config/option-row.ts';
import { ConfigError } from '../../source/kernel/errors.ts';
import { MapStore } from '../../stores/map-store.ts';
import { MultiMapStore } from '../../stores/multi-map-store.ts';
import { good, problemsOf, rows } from './good-options.ts';

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
