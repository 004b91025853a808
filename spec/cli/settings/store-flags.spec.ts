import test, { type ExecutionContext } from 'ava';
import { defineJob, openClient, silentLogger } from 'kasper-ts';
import { sendRecords } from '../../../scripts/examples/cluster.ts';
import { storePlaceOf, withoutSecrets } from '../../../source/cli/settings/store-flags.ts';
import { startEmbedded } from '../../_helpers/servers/clusters.ts';
import { randomName } from '../../_helpers/servers/services.ts';
import {
  redisClient,
  sharedElasticsearch,
  sharedRedis,
  elasticsearchClient,
} from '../../_helpers/servers/store-servers.ts';
import { folderWith } from '../job-file.ts';
import { kasper, withoutTimes } from '../memory-io.ts';

const redis = sharedRedis();
const elasticsearch = sharedElasticsearch();

/** A topic of five words, and a folder with a job that counts them in the store 'counts'. */
async function counting(t: ExecutionContext, partitions = 1) {
  const cluster = await startEmbedded(t, { topics: { words: partitions } });
  const client = openClient({ brokers: cluster.brokers }, { logger: silentLogger });
  t.teardown(() => client.close());
  await client.connect();
  await sendRecords(
    client,
    'words',
    ['a', 'b', 'a', 'c', 'a'].map((key) => ({ key, value: '1' })),
  );
  const name = randomName('counting').toLowerCase();
  const folder = await folderWith(
    t,
    'job.mjs',
    `export default {
      topicProcessorName: '${name}', inputTopics: ['words'],
      stores: (stores) => ({ counts: stores.store('counts'), again: stores.store('counts'), byTenant: stores.multiStore('by-tenant') }),
      processor: {
        async process(messages, sender, { stores }) {
          for (const { keyText } of messages) {
            const before = await stores.counts.get(keyText);
            const n = before === undefined ? 0 : JSON.parse(before.toString()).n;
            await stores.again.put(keyText, Buffer.from(JSON.stringify({ n: n + 1 })));
          }
          const hasA = messages.some(({ keyText }) => keyText === 'a');
          const { n } = hasA ? JSON.parse((await stores.counts.get('a')).toString()) : { n: 3 };
          if (n !== 3) throw new Error('a was counted ' + n + ' times');
          await stores.byTenant.tenant('one').put('last', Buffer.from(JSON.stringify({ n: messages.length })));
        },
      },
    };`,
  );
  const args = ['run', 'job.mjs', '--brokers', cluster.brokers.join(','), '--to-end', '--log-level', 'warn'];
  return { name, folder, args };
}

test('--store map keeps the stores of a job in memory, one name is one store, and what is gone is told', async (t) => {
  const { folder, args } = await counting(t);
  const outcome = await kasper([...args, '--store', 'map', '--batch-size', '5'], { cwd: folder });
  t.is(outcome.stderr, '');
  t.is(outcome.exitCode, 0);
  t.regex(
    withoutTimes(outcome.stdout),
    /^.*: 5 records in 1 batch .*\ngone with the memory of the process: counts \(3 keys\), by-tenant \(1 key\); the next run continues behind the committed offsets without it\. Keep it with --store redis or --store elasticsearch\n$/,
  );
});

test('without --store the stores of a job are in memory too, and the start says what that means', async (t) => {
  const { folder, args } = await counting(t);
  const outcome = await kasper([...args, '--batch-size', '5', '--json'], { cwd: folder });
  t.is(outcome.exitCode, 0);
  t.is(outcome.stderr.trimEnd().split('\n').length, 1, outcome.stderr);
  t.like(JSON.parse(outcome.stderr), {
    level: 'warn',
    message:
      'The stores are in the memory of the process: what they hold ends with it, while the offsets stay committed. Keep it with --store redis or --store elasticsearch',
  });
  t.deepEqual((JSON.parse(outcome.stdout) as { lostStores: unknown }).lostStores, [
    { name: 'counts', keys: 3 },
    { name: 'by-tenant', keys: 1 },
  ]);
  const again = await kasper([...args, '--store', 'map'], { cwd: folder });
  t.regex(
    withoutTimes(again.stdout),
    /^.*: 0 records in 0 batches .*\n$/,
    'nothing was held, nothing is gone',
  );
});

test('with workers what is gone is told of all together', async (t) => {
  const { folder, args } = await counting(t, 2);
  const outcome = await kasper([...args, '--store', 'map', '--workers', '2'], { cwd: folder });
  t.is(outcome.exitCode, 0, outcome.stderr);
  t.regex(
    outcome.stdout,
    /\ngone with the memory of the process: counts \(3 keys\), by-tenant \([12] keys?\);/,
  );
});

redis.test('--store redis keeps the stores of a job under its name and theirs', async (t, { port }) => {
  const { name, folder, args } = await counting(t);
  const outcome = await kasper([...args, '--store', 'redis', '--store-url', `redis://127.0.0.1:${port}`], {
    cwd: folder,
  });
  t.is(outcome.stderr, '');
  t.regex(withoutTimes(outcome.stdout), /: 5 records in 1 batch in T s/);
  const client = redisClient(t, port);
  t.is(await client.get(`${name}/counts/a`), '{"n":3}');
  t.is(await client.get(`one/${name}/by-tenant/last`), '{"n":5}');
});

elasticsearch.test(
  '--store elasticsearch keeps the stores of a job in indices of its name and theirs',
  async (t, { port }) => {
    const { name, folder, args } = await counting(t);
    const outcome = await kasper([...args, '--store', 'elasticsearch'], {
      cwd: folder,
      env: { KASPER_STORE_URL: `http://127.0.0.1:${port}` },
    });
    t.is(outcome.stderr, '');
    const client = elasticsearchClient(t, port);
    t.deepEqual((await client.get({ index: `${name}-counts`, id: 'a' }))._source, { n: 3 });
    t.deepEqual((await client.get({ index: `${name}-by-tenant-one`, id: 'last' }))._source, { n: 5 });
  },
);

for (const [kind, url] of [
  ['redis', 'redis://ann:secret@127.0.0.1:1'],
  ['redis', 'redis://ann:secret@127.0.0.1:1,redis://127.0.0.1:2'],
  ['elasticsearch', 'http://ann:secret@127.0.0.1:1'],
] as const) {
  test(`where nothing listens at ${url}, the error names the server and the flag, and no password`, async (t) => {
    const { folder, args } = await counting(t);
    const { exitCode, stdout, stderr } = await kasper([...args, '--store', kind, '--store-url', url], {
      cwd: folder,
    });
    t.is(exitCode, 1);
    t.is(stdout, '');
    t.regex(
      stderr,
      /(Redis|Elasticsearch) at (redis|http):\/\/127\.0\.0\.1:1.* could not be reached: .*Check --store-url/,
    );
    t.notRegex(stderr, /secret/);
  });
}

const wrong: readonly (readonly [flags: Parameters<typeof storePlaceOf>[0], message: RegExp])[] = [
  [{ storeUrl: 'redis://x' }, /--store-url needs --store redis or --store elasticsearch/],
  [{ store: 'map', storeUrl: 'redis://x' }, /--store map has no URL/],
  [
    { store: 'redis', storeUrl: 'localhost' },
    /this is not a URL that begins with redis:\/\/… or rediss:\/\//,
  ],
  [
    { store: 'redis', storeUrl: 'http://ann:secret@x:1' },
    /http:\/\/x:1 does not fit --store redis: it must begin with redis:/,
  ],
  [{ store: 'elasticsearch', storeUrl: 'http://a,http://b' }, /give one address/],
  [
    { store: 'redis', storeUrl: 'redis://ann:secret@x:99999/2' },
    /^Stores: --store-url: there is no port 99999: the highest is 65535$/,
  ],
  [{ store: 'redis', storeUrl: 'redis://a,redis://b:65536' }, /there is no port 65536/],
  [{ store: 'elasticsearch', storeUrl: 'https://x:70000' }, /there is no port 70000/],
  [
    { store: 'redis', storeUrl: 'redis://ann:99999/secret@x' },
    /^Stores: --store-url: the host or the port of this URL cannot be read; in a user name or password, write @ as %40, \/ as %2F/,
  ],
];

for (const [flags, message] of wrong) {
  test(`refused: ${JSON.stringify(flags)}`, (t) => {
    const error = t.throws(() => storePlaceOf(flags, { env: {} }), { code: 'CONFIG', message });
    t.notRegex(error.message, /secret/);
  });
}

test('a flag goes before the environment, and that before the usual address', (t) => {
  const env = { KASPER_STORE_URL: 'redis://env:1' };
  const shown = (place: ReturnType<typeof storePlaceOf>) =>
    place?.kind === 'redis' ? place.urls.map(withoutSecrets) : place;
  t.deepEqual(shown(storePlaceOf({ store: 'redis', storeUrl: 'redis://a:1, redis://b:2' }, { env })), [
    'redis://a:1',
    'redis://b:2',
  ]);
  t.deepEqual(shown(storePlaceOf({ store: 'redis' }, { env })), ['redis://env:1']);
  t.deepEqual(shown(storePlaceOf({ store: 'redis' }, { env: {} })), ['redis://localhost:6379']);
  t.is(storePlaceOf({}, { env }), undefined);
});

for (const [text, problem] of [
  [
    'async (stores) => ({ counts: stores.store("counts") })',
    'Stores: the function `stores` gives a promise; it must give the stores: await what they need before `export default`',
  ],
  ['() => undefined', 'Stores: the function `stores` must give an object { name: store }, not undefined'],
  [
    '(stores) => stores.store("counts")',
    'TopicProcessor options: stores must be an object { name: store }, not an object of MapStore',
  ],
] as const) {
  test(`stores: ${text} is refused, and does not run without stores`, async (t) => {
    const folder = await folderWith(
      t,
      'job.mjs',
      `export default { topicProcessorName: 'a', inputTopics: ['lines'], stores: ${text}, processor: { process() {} } };`,
    );
    const argv = ['run', 'job.mjs', '--brokers', 'x:1', '--partitions', '0'];
    t.deepEqual(await kasper(argv, { cwd: folder }), {
      exitCode: 2,
      stdout: '',
      stderr: `error: ${problem}\n`,
    });
  });
}

test('a job that makes its own stores, or has none, is not given others without a word', async (t) => {
  const own = await folderWith(
    t,
    'job.mjs',
    "export default { topicProcessorName: 'a', inputTopics: ['x'], stores: {}, processor: { process() {} } };",
  );
  const none = await folderWith(
    t,
    'job.mjs',
    "export default { topicProcessorName: 'a', inputTopics: ['x'], processor: { process() {} } };",
  );
  const run = (cwd: string) =>
    kasper(['run', 'job.mjs', '--brokers', 'localhost:1', '--store', 'map'], { cwd });
  t.like(await run(own), { exitCode: 2, stdout: '' });
  t.regex((await run(own)).stderr, /the job makes its own stores, which --store cannot change/);
  t.regex((await run(none)).stderr, /the job asks for no stores: remove --store/);
});

test('the types of stores that a function makes reach process', (t) => {
  const job = defineJob({
    topicProcessorName: 'a',
    inputTopics: ['x'],
    stores: (stores) => ({ counts: stores.store('counts') }),
    processor: {
      async process(_messages, _sender, context) {
        await context.stores.counts.put('k', Buffer.from('v'));
      },
    },
  });
  t.is(typeof job.stores, 'function');
});
