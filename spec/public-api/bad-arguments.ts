import { inspect } from 'node:util';
import * as main from '../../source/index.ts';
import * as logging from '../../source/logging/index.ts';
import * as testing from '../../source/testing/index.ts';
import * as metrics from '../../metrics/index.ts';
import * as stores from '../../stores/index.ts';

/** Everything that the package exports, by entry point. */
export const entryPoints: Readonly<Record<string, object>> = { main, stores, metrics, testing, logging };

/** A call that only JavaScript can make, and what its error must say. */
export type BadCall = readonly [title: string, call: () => unknown, message: RegExp];

type Any = (...args: readonly unknown[]) => unknown;

const loose = (value: unknown, name: string): Any => {
  const found: unknown = (value as Record<string, unknown>)[name];
  if (typeof found !== 'function') throw new Error(`${name} is no function`);
  return (...args) => Reflect.apply(found, value, args) as unknown;
};
const make = (type: unknown, ...args: readonly unknown[]): object =>
  Reflect.construct(type as new () => object, args) as object;

const options = {
  topicProcessorName: 'x',
  client: { brokers: ['localhost:1'] },
  inputTopics: ['t'],
  inputPartitions: [0],
};
const processor = { process: () => undefined };
class Processor {
  process(): void {
    // Nothing to do.
  }
}
const redis = { call: processor.process, callBuffer: processor.process, pipeline: processor.process };
/** What no call gets as far as asking. */
const client = { group: processor.process, admin: processor.process, listOffsets: processor.process };
const map = new stores.MapStore();
const multi = new stores.MultiMapStore();
const prometheus = new metrics.PrometheusMetrics();
const keys = () => 'a';
const context = {
  stores: { sums: map },
  signal: new AbortController().signal,
} as unknown as main.ProcessContext;
const silent = main.silentLogger;

const each = (type: unknown, cases: readonly (readonly [unknown, RegExp])[]): BadCall[] =>
  cases.map(([argument, message]) => [describe(argument), () => make(type, argument), message]);
const one = (
  call: Any,
  cases: readonly (readonly [args: readonly unknown[], message: RegExp])[],
): BadCall[] => cases.map(([args, message]) => [args.map(describe).join(', '), () => call(...args), message]);

function describe(value: unknown): string {
  if (value === client) return 'client';
  if (value === silent) return 'logger';
  if (value === prometheus) return 'metrics';
  return inspect(value, { depth: 1, breakLength: Infinity });
}

/** By entry point and name of the export. */
export const badCalls: Readonly<Record<string, readonly BadCall[]>> = {
  'main.TopicProcessor': [
    ...one(
      (...args) => make(main.TopicProcessor, ...args),
      [
        [[], /options must be an object, not undefined/],
        [[null, processor], /options must be an object, not null/],
        [
          [{ ...options, client: null }, processor],
          /client must be a kafkajs Kafka or its options, .* not null/,
        ],
        [[{ ...options, client: {} }, processor], /client: give a Kafka instance .* not an object of Object/],
        [[options], /has no process function, but is undefined: give \{ process/],
        [[options, Processor], /the class Processor is not a MessageProcessor: give/],
      ],
    ),
  ],
  'main.BatchError': each(main.BatchError, [
    [undefined, /a list of at least one failure \{ message, error \}, not undefined/],
    [[], /a list of at least one failure \{ message, error \}, not an empty list/],
    [[null], /a list of at least one failure .* not a list of 1/],
    [{ message: {}, error: 1 }, /a list of at least one failure .* not an object of Object/],
  ]),
  'main.defineJob': one(loose(main, 'defineJob'), [
    [[null], /the job must be an object .*, not null/],
    [[{ processor }, {}], /two different processors were given/],
  ]),
  'main.deadLetterOf': one(loose(main, 'deadLetterOf'), [
    [[5], /the message must be a consumed message, not 5/],
    [[{}], /the message must be a consumed message/],
  ]),
  'main.readRange': one(loose(main, 'readRange'), [
    [[5, [], keys], /the client must be a KafkaClient/],
    [[{ source: keys }, 5, keys], /ranges must be a list of \{ topic, partition, from, to \}, not 5/],
    [[{ source: keys }, [{ topic: 't' }], keys], /ranges must be a list/],
    [[{ source: keys }, [], 5], /onMessage must be a function, not 5/],
  ]),
  'main.topicSpans': one(loose(main, 'topicSpans'), [
    [[5, 'in'], /the client must be a KafkaClient/],
    [[{ describeTopics: keys, listOffsets: keys, admin: keys }, 'a b'], /'a b' is not a topic name/],
    [[{ describeTopics: keys, listOffsets: keys, admin: keys }, 'in', { from: 5 }], /unknown option 'from'/],
    [
      [{ describeTopics: keys, listOffsets: keys, admin: keys }, 'in', { partitions: 5 }],
      /partitions must be a list of partition numbers .*, not 5/,
    ],
    [
      [{ describeTopics: keys, listOffsets: keys, admin: keys }, 'in', { since: 'now' }],
      /since must be milliseconds since 1970, not 'now'/,
    ],
  ]),
  'main.header': one(loose(main, 'header'), [[[5], /the name of a header must be text, not 5/]]),
  'main.topic': one(loose(main, 'topic'), [
    [[5, main.int64], /the name .*, not 5/],
    [['t', {}], /the codec must have encode and decode/],
  ]),
  'main.eachMessage': one(loose(main, 'eachMessage'), [
    [[null], /the handler must be a function .*, not null/],
    [[Processor], /the handler must be a function .*, not the class Processor/],
    [[processor], /the handler must be a function .*, not an object of Object/],
  ]),
  'main.circuitBreaker': one(loose(main, 'circuitBreaker'), [
    [[null], /the policy must have the method execute\(run\), not null/],
  ]),
  'main.deadLetter': one(loose(main, 'deadLetter'), [[[null], /options must be an object, not null/]]),
  'main.deduplicate': one(loose(main, 'deduplicate'), [[[null], /options must be an object, not null/]]),
  'main.logErrors': one(loose(main, 'logErrors'), [[[null], /options must be an object, not null/]]),
  'main.retry': one(loose(main, 'retry'), [[[null], /options must be an object, not null/]]),
  'main.throttle': one(loose(main, 'throttle'), [[[null], /options must be an object, not null/]]),
  'main.fromMap': one(loose(main, 'fromMap'), [
    [[null], /the map must be a Map or an object .*, not null/],
    [[5], /the map must be .*, not 5/],
  ]),
  'main.prefetch': [
    ...one(loose(main, 'prefetch'), [
      [
        [],
        /the store must be a Store.*, not undefined\n.*keysOf must be a function .*, not undefined\n.*not undefined/,
      ],
      [[5, keys, keys], /the store must be a Store, a MultiStore, or a function .*, not 5/],
      [[map, 'a', keys], /keysOf must be a function \(message\) => keys, not 'a'/],
      [[map, keys, null], /the last argument must be a function \(messages, .*\), not null/],
    ]),
    [
      'a picker that finds none',
      () =>
        main
          .prefetch(
            ({ counts }) => counts as stores.Store,
            keys,
            () => undefined,
          )
          .process([], {} as main.Sender, context),
      /the function picked undefined, which is not a store: the option stores has sums/,
    ],
    [
      'keys that are none',
      () =>
        main
          .prefetch(map, (() => 5) as never, () => undefined)
          .process(
            [testing.consumerMessage({ topic: 't', partition: 0, offset: 0 })],
            {} as main.Sender,
            context,
          ),
      /keysOf must return a key, a list of keys, null or undefined, not 5/,
    ],
  ],
  'main.groupIdOf': one(loose(main, 'groupIdOf'), [[[null], /the name must be text, not null/]]),
  'main.groupClaims': one(loose(main, 'groupClaims'), [
    [[null, 'g'], /the client must be a KafkaClient, as openClient returns, not null/],
    [[client], /groupId must be the id of a group, .*, not undefined/],
    [[client, 'g', 5], /options must be an object, not 5/],
    [[client, 'g', { watchMs: NaN }], /watchMs must be a number of milliseconds, at least 0, not NaN/],
  ]),
  'main.groupLag': one(loose(main, 'groupLag'), [
    [[null, 'g'], /the client must be a KafkaClient/],
    [[client, {}], /groupId must be the id of a group, .*, not an object of Object/],
    [[client, 'g', null], /options must be an object, not null/],
    [[client, 'g', { topics: 't' }], /topics must be a list of topic names, not 't'/],
    [[client, 'g', { topics: ['a b'] }], /'a b' is not a topic name/],
    [
      [client, 'g', { partitions: [-1] }],
      /partitions must be a list of partition numbers \(0, 1, 2, …\), not a list of 1/,
    ],
    [[client, 'g', { isolation: 'x' }], /isolation must be 'read_committed' or 'read_uncommitted', not 'x'/],
    [[client, 'g', { claims: 'no' }], /claims must be true or false, not 'no'/],
    [[client, 'g', { signal: 5 }], /signal must be an AbortSignal, not 5/],
  ]),
  'main.planOffsetReset': one(loose(main, 'planOffsetReset'), [
    [[null, 'g', 0], /the client must be a KafkaClient/],
    [[client, null, 0], /groupId must be the id of a group, .*, not null/],
    [[client, 'g', 2n], /the target must be an offset .*, not 2n/],
    [[client, 'g', { shiftBy: 1.5 }], /shiftBy must be a whole number of offsets, .* not 1\.5/],
  ]),
  'main.resetOffsets': one(loose(main, 'resetOffsets'), [
    [[null, 'g', 0], /the client must be a KafkaClient/],
    [[client, 'g', 0, { topics: [5] }], /5 is not a topic name/],
    [
      [client, 'g', 0, { claimTimeoutMs: 'x' }],
      /claimTimeoutMs must be a number of milliseconds, .* not 'x'/,
    ],
  ]),
  'main.topicReports': one(loose(main, 'topicReports'), [
    [[null, ['t']], /the client must be a KafkaClient/],
    [[client, 't'], /topics must be a list of topic names, not 't'/],
    [[client, [5]], /5 is not a topic name \(1 to 249 letters/],
  ]),
  'main.openClient': one(loose(main, 'openClient'), [
    [[], /client: give a Kafka instance of kafkajs, or options .*, not undefined/],
    [['localhost:9092', {}], /client: give a Kafka instance .*, not 'localhost:9092'/],
    [[options.client], /options must be an object, not undefined/],
    [[options.client, {}], /the logger must have the methods .*, not undefined/],
    [
      [options.client, { logger: silent, retryTimeout: 5 }],
      /unknown option 'retryTimeout'; did you mean 'retryTimeoutMs'/,
    ],
    [
      [options.client, { logger: silent, deadlines: 5 }],
      /deadlines must be an object of milliseconds, not 5/,
    ],
    [
      [options.client, { logger: silent, retryTimeoutMs: 'x' }],
      /retryTimeoutMs must be a number of milliseconds, .* not 'x'/,
    ],
  ]),
  'main.kafkaLogCreator': one(loose(main, 'kafkaLogCreator'), [
    [[], /the logger must have the methods debug, info, warn, error, child, not undefined/],
  ]),
  'main.limitRepeats': one(loose(main, 'limitRepeats'), [
    [[null], /the logger must have the methods .*, not null/],
    [[silent, 5], /options must be an object, not 5/],
    [[silent, { atMst: 1 }], /unknown option 'atMst'; did you mean 'atMost'/],
    [[silent, { atMost: 'x' }], /atMost must be a whole number of at least 1, not 'x'/],
  ]),
  'main.systemClock': one(loose(main.systemClock, 'after'), [
    [[NaN, processor.process], /ms must be a number of milliseconds, not NaN/],
    [['5', processor.process], /ms must be a number of milliseconds, not '5'/],
    [[5], /fire must be a function, not undefined/],
  ]),
  'main.bytes': one(loose(main.bytes, 'encode'), [[[5], /a Buffer is needed, not number/]]),
  'main.int64': [
    ...one(loose(main.int64, 'encode'), [[[1.5], /a whole number of at most 2\^53 - 1 is needed, not 1\.5/]]),
    ...one(loose(main.int64, 'decode'), [[[5], /bytes are needed, not number/]]),
  ],
  'main.json': [
    ...one(loose(main.json(), 'encode'), [[[undefined], /undefined cannot be written as JSON/]]),
    ...one(loose(main.json(), 'decode'), [[[null], /bytes are needed, not null/]]),
  ],
  'main.string': [
    ...one(loose(main.string, 'encode'), [[[5], /a string is needed, not number/]]),
    ...one(loose(main.string, 'decode'), [[[5], /bytes are needed, not number/]]),
  ],
  'stores.MapStore': [
    ...one(loose(map, 'get'), [
      [[5], /a key must be a non-empty string, not number 5/],
      [[Object.create(null)], /a key must be .* not object \[object Object\]/],
    ]),
    ...one(loose(map, 'getAll'), [
      [[5], /MapStore\.getAll: a list of keys is needed, not 5\. Nothing was written/],
      [['ab'], /a list of keys is needed, not 'ab'/],
    ]),
    ...one(loose(map, 'put'), [[['a', 5], /the value of key 'a' must be a Buffer, not number: encode it/]]),
    ...one(loose(map, 'putAll'), [
      [[5], /a Map or pairs of key and value are needed, not 5/],
      [[{ a: 1 }], /a Map or pairs of key and value are needed, not an object of Object/],
      [[[5]], /each entry must be a pair \[key, value\], not 5/],
    ]),
    ...one(loose(map, 'deleteAll'), [[[null], /a list of keys is needed, not null/]]),
    ...one(
      async (...args) => (loose(map, 'entries')(...args) as AsyncGenerator).next(),
      [
        [[5], /MapStore\.entries: options must be an object, not 5/],
        [[{ prefx: 'a' }], /unknown option 'prefx'; did you mean 'prefix'/],
        [[{ from: 5 }], /from must be a string, not number 5/],
      ],
    ),
  ],
  'stores.MultiMapStore': [
    ...one(loose(multi, 'tenant'), [[[5], /a tenant must be a non-empty string, not 5/]]),
    ...one(loose(multi, 'fetch'), [
      [[5], /a list of \{ tenant, key \} is needed, not 5/],
      [[[null]], /each key must be \{ tenant, key \}, not null/],
      [[[{}]], /a tenant must be a non-empty string, not undefined/],
    ]),
    ...one(loose(multi, 'push'), [
      [[5], /a MultiMap is needed, not 5/],
      [[new Map()], /a MultiMap is needed, not an object of Map/],
    ]),
  ],
  'stores.RedisStore': each(stores.RedisStore, [
    [undefined, /options must be an object, not undefined/],
    [{ client: 'redis://x', keyPrefix: 'a' }, /client must be a Redis or a Cluster of ioredis/],
    [{ client: redis, keyPrefix: '' }, /keyPrefix must be a non-empty string/],
  ]),
  'stores.MultiRedisStore': each(stores.MultiRedisStore, [
    [null, /options must be an object, not null/],
    [{ client: redis, tenancy: 5 }, /tenancy must be a function \(tenant\) => \(\{ keyPrefix \}\)/],
  ]),
  'stores.ElasticsearchStore': each(stores.ElasticsearchStore, [
    [undefined, /options must be an object, not undefined/],
    [{ client: 5, index: 'a' }, /client must be a Client of @elastic\/elasticsearch/],
  ]),
  'stores.MultiElasticsearchStore': each(stores.MultiElasticsearchStore, [
    [undefined, /options must be an object, not undefined/],
    [{ client: 5, tenancy: 5 }, /tenancy must be a function \(tenant\) => \(\{ index \}\)/],
  ]),
  'stores.checkedStore': one(loose(stores, 'checkedStore'), [
    [[5], /the store must have get, getAll, put, putAll, delete, deleteAll, flush, not 5/],
    [[map, { timeoutMs: 'x' }], /timeoutMs/],
    [[map, { tmeoutMs: 5 }], /unknown option 'tmeoutMs'; did you mean 'timeoutMs'/],
  ]),
  'stores.instrumented': one(loose(stores, 'instrumented'), [
    [[map], /options must be an object, not undefined/],
    [[null, { name: 'a', metrics: prometheus }], /the store must be a Store or a MultiStore, not null/],
    [[map, { name: 'a', metrics: 5 }], /metrics must be a MetricsProvider, such as PrometheusMetrics, not 5/],
    [[map, { nam: 'a', metrics: prometheus }], /unknown option 'nam'; did you mean 'name'/],
  ]),
  'stores.logRedisEvents': one(loose(stores, 'logRedisEvents'), [
    [[null, silent], /the client must be a Redis or a Cluster of ioredis, not null/],
  ]),
  'stores.logElasticsearchEvents': one(loose(stores, 'logElasticsearchEvents'), [
    [[{}, silent], /the client must be a Client of @elastic\/elasticsearch, not an object of Object/],
  ]),
  'metrics.MonitorServer': [
    ...each(metrics.MonitorServer, [
      [undefined, /the options must be an object, such as \{ port: 9464 \}/],
      [{ port: 'x' }, /port must be a whole number .*, not 'x'/],
    ]),
    ...one(loose(new metrics.MonitorServer({ port: 0 }), 'watch'), [
      [[null], /what is shown must be .*: give the server to a TopicProcessor .*, not null/],
      [[{}], /what is shown must be .*, not an object of Object/],
    ]),
  ],
  'metrics.PrometheusMetrics': [
    ...each(metrics.PrometheusMetrics, [
      [5, /options must be an object, not 5/],
      [{ namespce: 'x' }, /unknown option 'namespce'; did you mean 'namespace'/],
    ]),
    ...['newCounter', 'newGauge', 'newSummary', 'newHistogram'].flatMap((name) =>
      one(loose(prometheus, name), [
        [[{ help: name }], /a metric must be an object \{ name, help \}, not an object of Object/],
        [[{ name: `a ${name}`, help: 'x' }], /the name must consist of letters, digits and underscores/],
      ]),
    ),
  ],
  'testing.EmbeddedCluster': one(loose(testing.EmbeddedCluster, 'start'), [
    [[5], /options must be an object, not 5/],
    [[null], /options must be an object, not null/],
    [[{ broker: 3 }], /unknown option 'broker'; did you mean 'brokers'/],
    [[{ brokers: 'x' }], /brokers must be a whole number from 1 to 100, got 'x'/],
    [[{ topics: 5 }], /topics must be an object such as \{ orders: 4 \}, not 5/],
    [[{ topics: ['t'] }], /topics must be an object such as \{ orders: 4 \}, not a list of 1/],
    [[{ topics: { t: null } }], /topic 't' must be a number of partitions, or \{ partitions \}, not null/],
    [[{ host: 5 }], /host must be an address or a name, got 5/],
    [[{ logger: 5 }], /logger must have the methods .*, got 5/],
    [[{ clock: 5 }], /clock must have the methods now, wallNow, after, got 5/],
  ]),
  'testing.runJob': one(loose(testing, 'runJob'), [
    [[null], /the job must be what defineJob gives, not null/],
    [[{ processor }, null], /options must be an object, not null/],
    [[{ processor }, { cluster: 5 }], /the cluster must have brokers, not 5/],
    [[{ processor }, { records: 5 }], /records must be an array, not 5/],
    [[{ processor }, { brokers: [] }], /unknown option 'brokers'/],
  ]),
  'testing.TestHarness': each(testing.TestHarness, [
    [5, /options must be an object, not 5/],
    [{ partition: 1 }, /unknown option 'partition'; did you mean 'partitions'/],
    [{ partitions: 'x' }, /partitions must be a whole number from 1, not 'x'/],
    [{ topics: 5 }, /topics must be an object, not 5/],
  ]),
  'testing.FakeClock': one(loose(new testing.FakeClock(), 'after'), [
    [['x', processor.process], /ms must be a number of milliseconds, not 'x'/],
    [[5, 'x'], /fire must be a function, not 'x'/],
  ]),
  'testing.FakeSender': one(loose(new testing.FakeSender(), 'send'), [
    [[5], /a record to send must be an object with a topic, not 5/],
  ]),
  'testing.BrokerProxies': [
    ...one(loose(testing.BrokerProxies, 'start'), [
      [[], /options must be an object, not undefined/],
      [[{ brokers: [] }], /brokers must be a list of addresses such as localhost:9092, not an empty list/],
      [[{ brokers: ['x'] }], /brokers must be a list of addresses such as localhost:9092, not a list of 1/],
    ]),
    ...one(loose(testing.BrokerProxies, 'socketFactory'), [
      [[{ 'a:1': 'x' }], /ports must be an object of the ports by brokers, not an object/],
    ]),
  ],
  'testing.FaultProxy': [
    ...one(loose(testing.FaultProxy.prototype, 'link'), [
      [[{ latencyMs: -1, jitterMs: 'x' }], /latencyMs must be .* from 0, not -1.*jitterMs .* not 'x'/s],
      [[{ bytesPerSecond: 0 }], /bytesPerSecond must be a number above 0, not 0/],
      [[{ bytesPerSecnd: 1 }], /unknown option 'bytesPerSecnd'; did you mean 'bytesPerSecond'/],
      [[{ random: 1 }], /random must be a function that gives a number from 0 to below 1, not 1/],
      [[{}, 'up'], /direction must be one of both, to-server, to-client, not 'up'/],
    ]),
    ...one(loose(testing.FaultProxy.prototype, 'blackHole'), [
      [['down'], /direction must be one of both, to-server, to-client, not 'down'/],
    ]),
    ...one(loose(testing.FaultProxy.prototype, 'cutAfter'), [
      [[0], /bytes must be a whole number from 1, not 0/],
    ]),
    ...one(loose(testing.FaultProxy.prototype, 'resetAfter'), [
      [[{ fromMs: 5, toMs: 1 }], /toMs must be a number of milliseconds, at least fromMs, not 1/],
      [[{ fromMs: 'x', toMs: 1 }], /fromMs must be a number of milliseconds from 0, not 'x'/],
    ]),
    ...one(loose(testing.FaultProxy.prototype, 'rule'), [
      [[null], /options must be an object, not null/],
      [[{ api: 'Prodce', action: 'drop-answer' }], /unknown API 'Prodce'; did you mean 'Produce'/],
      [[{ api: 0, action: 'drop-answer' }], /api must be the name of a request, such as 'Produce', not 0/],
      [[{ api: 'Fetch', action: 'drop' }], /action must be one of delay, drop-answer, reset, not 'drop'/],
      [[{ api: 'Fetch', action: 'delay' }], /delayMs must be a number of milliseconds from 0, not undefined/],
      [[{ api: 'Fetch', action: 'reset' }], /when must be one of before, after, not undefined/],
      [[{ api: 'Fetch', action: 'drop-answer', when: 'after' }], /when belongs to the action 'reset'; leave/],
      [[{ api: 'Fetch', action: 'drop-answer', times: 0 }], /times must be a whole number from 1, or Inf/],
    ]),
    ...one(loose(testing.FaultProxy, 'start'), [
      [[], /options must be an object, not undefined/],
      [[{ target: 5 }], /target must be \{ host, port \} with the port of the server, not 5/],
      [[{ target: { port: 'x' } }], /target must be .* port of the server, not 'x'/],
      [[{ target: { port: 1 }, prot: 2 }], /unknown option 'prot'; did you mean 'port'/],
    ]),
  ],
  'testing.consumerMessage': one(loose(testing, 'consumerMessage'), [
    [[], /options must be an object, not undefined/],
    [[{ topic: 't', partition: 0, offset: 0, keey: 'x' }], /unknown option 'keey'; did you mean 'key'/],
    [[{ topic: 'a b', partition: 0, offset: 0 }], /'a b' is not a topic name/],
    [[{ topic: 't', partition: 0, offset: 1.5 }], /offset must be a whole number from 0, not 1\.5/],
  ]),
  'logging.winstonLogger': one(loose(logging, 'winstonLogger'), [
    [[null], /give options such as \{ format \}, or a logger of winston, not null/],
    [[{ lvel: 'info' }], /unknown option 'lvel'; did you mean 'level'/],
    [[{ level: 'x' }], /level must be one of debug, info, warn, error, not 'x'/],
    [[{ stream: 5 }], /stream must be a writable stream, not 5/],
  ]),
};

/** Exports that take nothing to check, and why. */
export const takesNothing: Readonly<Record<string, string>> = {
  'main.deadLetterHeaders': 'data',
  'main.errorTable': 'data',
  'main.optionRows': 'data',
  'main.middlewareInfo': 'a symbol',
  'main.middlewareWarnings': 'called with what a processor has checked',
  'main.missingTopicText': 'called with what neededTopics has returned',
  'main.neededTopics': 'called with what a processor has checked',
  'main.partitioners': 'called for each record, with what the sender has checked',
  'main.silentLogger': 'drops what it is given',
  'stores.MultiMap': 'a container; what it holds is checked by push',
  'main.MultiMap': 'a container; what it holds is checked by push',
  'main.withCodec': 'spec/stores/with-codec.spec.ts has them',
  'stores.withCodec': 'spec/stores/with-codec.spec.ts has them',
  'metrics.metricDefinitions': 'data',
  'metrics.noopMetrics': 'drops what it is given',
  'testing.apiNames': 'data',
  'testing.randomFaultKinds': 'data',
  'testing.metricsConformance': 'cases for a test runner',
  'testing.multiStoreConformance': 'cases for a test runner',
  'testing.storeConformance': 'cases for a test runner',
  'logging.logFormats': 'data',
  'logging.logLevels': 'data',
};
