import { randomBytes } from 'node:crypto';
import test from 'ava';
import { startEmbedded } from '../_helpers/servers/clusters.ts';
import { redisClient } from '../_helpers/servers/store-servers.ts';
import { testOnOwn } from '../_helpers/servers/services.ts';
import { folderWith } from './job-file.ts';
import { kasper } from './memory-io.ts';

const password = `secret-${randomBytes(8).toString('hex')}`;

const job = (processor: string, more = '') => `export default {
  topicProcessorName: 'secretive', inputTopics: ['in'], claims: false, ${more}
  stores: (stores) => ({ counts: stores.store('counts') }),
  processor: { ${processor} },
};`;

/** What the command line says in each of these cases; `means` shows that it came so far. */
const cases: readonly {
  readonly what: string;
  readonly job?: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly means: RegExp;
}[] = [
  {
    what: 'the help, with secrets in the environment',
    args: ['run', '--help'],
    env: { KASPER_SASL_PASSWORD: password, KASPER_STORE_URL: `redis://:${password}@127.0.0.1:1` },
    means: /KASPER_SASL_PASSWORD/,
  },
  {
    what: 'a Redis that does not answer',
    args: ['--store', 'redis'],
    env: { KASPER_STORE_URL: `redis://ann:${password}@127.0.0.1:1` },
    means: /Redis at redis:\/\/127\.0\.0\.1:1 could not be reached: Error: connect ECONNREFUSED/,
  },
  {
    what: 'a Redis Cluster that does not answer',
    args: ['--store', 'redis'],
    env: { KASPER_STORE_URL: `redis://:${password}@127.0.0.1:1,redis://:${password}@127.0.0.1:2` },
    means: /Redis at redis:\/\/127\.0\.0\.1:1, redis:\/\/127\.0\.0\.1:2 could not be reached/,
  },
  {
    what: 'an Elasticsearch that does not answer',
    args: ['--store', 'elasticsearch'],
    env: { KASPER_STORE_URL: `http://elastic:${password}@127.0.0.1:1` },
    means: /Elasticsearch at http:\/\/127\.0\.0\.1:1 could not be reached/,
  },
  {
    what: 'a URL of the wrong kind',
    args: ['--store', 'elasticsearch'],
    env: { KASPER_STORE_URL: `redis://ann:${password}@127.0.0.1:1` },
    means: /does not fit --store elasticsearch/,
  },
  {
    what: 'a URL that is none',
    args: ['--store', 'redis'],
    env: { KASPER_STORE_URL: `redis://ann:${password}@127.0.0.1:port` },
    means: /the host or the port of this URL cannot be read/,
  },
  {
    what: 'SASL at a broker that does not know it',
    args: ['--sasl-mechanism', 'plain', '--sasl-username', 'ann', '--retry-timeout-ms', '1000'],
    env: { KASPER_SASL_PASSWORD: password },
    means: /sasl option/,
  },
  {
    what: 'a job with addresses and options that hold secrets',
    job: job(
      'process() {}',
      `client: { brokers: ['sasl://ann:${password}@127.0.0.1'] }, batchSise: 'redis://:${password}@h',`,
    ),
    args: [],
    means: /batchSise/,
  },
  {
    what: 'a job that throws what holds a URL, and logs what it should not',
    job: job(`process() {}, init({ logger }) {
      logger.warn('Look at redis://:${password}@host', { password: '${password}', tls: { key: '${password}', ca: 'a' }, url: new URL('http://ann:${password}@host') });
      throw new Error('cannot reach http://ann:${password}@host:9200/', { cause: new Error('Authorization: Basic ${password}') });
    }`),
    args: [],
    means: /cannot reach http:\/\/\*\*\*@host:9200\//,
  },
];

for (const { what, job: source = job('process() {}'), args, env = {}, means } of cases) {
  test(`no secret is shown: ${what}`, async (t) => {
    const { brokers } = await startEmbedded(t, { topics: { in: 1 }, brokers: 1 });
    const folder = await folderWith(t, 'job.mjs', source);
    const ours = source.includes('brokers:') ? [] : ['--brokers', brokers.join(',')];
    const all = args.includes('--help')
      ? args
      : ['run', 'job.mjs', '--to-end', '--log-level', 'debug', ...ours, ...args];
    for (const format of ['text', 'json']) {
      const outcome = await kasper([...all, '--log-format', format], { cwd: folder, env });
      const said = JSON.stringify(outcome);
      t.regex(outcome.stdout + outcome.stderr, means);
      for (const secret of [password, Buffer.from(`elastic:${password}`).toString('base64')])
        t.false(said.includes(secret), said);
    }
  });
}

testOnOwn(
  'redis',
  'no secret is shown: a Redis that refuses the password, and one that takes it',
  async (t, { port }) => {
    const admin = redisClient(t, port);
    await admin.config('SET', 'requirepass', password);
    const { brokers } = await startEmbedded(t, { topics: { in: 1 }, brokers: 1 });
    const folder = await folderWith(t, 'job.mjs', job('process() {}'));
    const args = [
      'run',
      'job.mjs',
      '--to-end',
      '--log-level',
      'debug',
      '--brokers',
      brokers.join(','),
      '--store',
      'redis',
    ];
    const wrong = `wrong-${password.slice(7)}`;
    const refused = await kasper(args, {
      cwd: folder,
      env: { KASPER_STORE_URL: `redis://:${wrong}@127.0.0.1:${port}` },
    });
    t.regex(refused.stderr, /WRONGPASS/);
    const used = await kasper(args, {
      cwd: folder,
      env: { KASPER_STORE_URL: `redis://:${password}@127.0.0.1:${port}` },
    });
    t.is(used.exitCode, 0);
    const said = JSON.stringify([refused, used]);
    for (const secret of [password, wrong]) t.false(said.includes(secret), said);
  },
);
