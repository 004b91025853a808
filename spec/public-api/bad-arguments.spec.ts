import test from 'ava';
import { ConfigError, KasperError } from '../../source/kernel/errors.ts';
import { openClient } from '../../source/kafka/open-client.ts';
import { silentLogger } from '../../source/kernel/logger.ts';
import { startEmbedded } from '../_helpers/servers/embedded.ts';
import { badCalls, entryPoints, takesNothing } from './bad-arguments.ts';

for (const [name, calls] of Object.entries(badCalls)) {
  for (const [title, call, message] of calls) {
    test(`${name} refuses ${title}: ${message.source}`, async (t) => {
      const error: unknown = await t.throwsAsync(async () => await call());
      t.true(KasperError.is(error), String(error));
      t.regex(String(error), message);
    });
  }
}

const inCluster: readonly (readonly [
  title: string,
  method: string,
  args: readonly unknown[],
  message: RegExp,
])[] = [
  [
    'a topic without options',
    'createTopic',
    ['n'],
    /topic 'n' needs options such as \{ partitions: 4 \}, not undefined/,
  ],
  [
    'a topic without partitions',
    'createTopic',
    ['n', {}],
    /needs a whole number of partitions from 1, got undefined/,
  ],
  [
    'a configuration that is none',
    'createTopic',
    ['n', { partitions: 1, config: 5 }],
    /config of topic 'n' must be an object of settings, not 5/,
  ],
  ['a topic that is not there', 'endOffset', ['nope', 0], /there is no topic 'nope'; there are: t/],
  ['a partition that is not there', 'endOffset', ['t', 9], /topic 't' has no partition 9: it has 1, from 0/],
  [
    'a group without a name',
    'committed',
    [],
    /a group has an id, such as groupIdOf\(topicProcessorName\), not undefined/,
  ],
  ['an API that is not served', 'requests', ['Prodce'], /unknown api 'Prodce'; did you mean 'Produce'/],
  ['a batch that is none', 'appendRaw', ['t', 0, 5], /a record batch must be a Buffer, not 5/],
  ['a node that is not there', 'stopNode', [9], /there is no node 9: ids are 1 to 1/],
];
for (const [title, method, args, message] of inCluster) {
  test(`an embedded cluster refuses ${title}`, async (t) => {
    const cluster = await startEmbedded(t, { topics: { t: 1 } });
    const call: unknown = Reflect.get(cluster, method);
    const error = await t.throwsAsync(
      async () => await (Reflect.apply(call as () => unknown, cluster, args) as unknown),
      {
        instanceOf: ConfigError,
      },
    );
    t.regex(error.message, message);
  });
}

test('faults refuse what is no fault, and a node that is not there', async (t) => {
  const { faults } = await startEmbedded(t);
  for (const method of ['fail', 'delay', 'drop'] as const)
    t.throws(() => faults[method](undefined as never), {
      message: /a fault must be an object .*, not undefined/,
    });
  t.throws(() => faults.delay({ api: 'Fetch', ms: 'x' as never }), {
    message: /ms must be .* above 0, got 'x'/,
  });
  t.throws(
    () => {
      faults.freeze(9);
    },
    { message: /there is no node 9/ },
  );
});

test('a client refuses topics that cannot exist before it asks Kafka', async (t) => {
  const cluster = await startEmbedded(t);
  const client = openClient({ brokers: cluster.brokers }, { logger: silentLogger });
  t.teardown(() => client.close());
  await client.connect();
  const asked = cluster.requests('Metadata');
  for (const [call, message] of [
    [() => client.describeTopics(5 as never), /topics must be a list of topic names, not 5/],
    [() => client.describeTopics(['a b']), /'a b' is not a topic name/],
    [() => client.createTopics(5 as never), /topics must be a list of \{ topic, partitionCount \}, not 5/],
    [() => client.createTopics([{ topic: 'a b', partitionCount: 1 }]), /'a b' is not a topic name/],
    [
      () => client.createTopics([{ topic: 'n' } as never]),
      /partitionCount of 'n' must be a whole number from 1, not undefined/,
    ],
    [() => client.admin().topicDetails([5 as never]), /5 is not a topic name/],
    [() => client.admin().topicSettings('t' as never, []), /topics must be a list of topic names, not 't'/],
  ] as const) {
    t.regex((await t.throwsAsync(call, { instanceOf: ConfigError })).message, message);
  }
  t.deepEqual(cluster.requests('Metadata'), asked);
  t.deepEqual(cluster.requests('CreateTopics'), []);
});

test('every export is called with bad arguments, or takes none', (t) => {
  const exported = Object.entries(entryPoints).flatMap(([entry, module]) =>
    Object.entries(module)
      .filter(([, value]) => !isErrorClass(value))
      .map(([name]) => `${entry}.${name}`),
  );
  const known = [...Object.keys(badCalls), ...Object.keys(takesNothing)];
  t.deepEqual(exported.toSorted(), known.toSorted());
});

/** Users only throw UnrecoverableError and BatchError; the others are made by the library. */
function isErrorClass(value: unknown): boolean {
  return (
    (typeof value === 'function' &&
      (value.prototype as unknown) instanceof KasperError &&
      value.name !== 'BatchError') ||
    value === KasperError
  );
}
