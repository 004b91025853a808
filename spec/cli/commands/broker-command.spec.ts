import { connect, createServer } from 'node:net';
import test from 'ava';
import { openClient, silentLogger } from 'kasper-ts';
import { startChild } from '../child.ts';
import { run } from '../../../scripts/services/programs.ts';
import { kcat, kcatRecords } from '../../_helpers/servers/kafka-tools.ts';
import { testWith } from '../../_helpers/servers/services.ts';
import { kasper, withoutTimes } from '../memory-io.ts';

test('kasper broker serves a cluster, says how to use it, and ends with 0 at Ctrl-C', async (t) => {
  const argv = ['broker', '--port', '0', '--brokers', '2', '--topic', 'words:4', '--topic', 'out:1'];
  const child = startChild(t, 'source/cli/bin', argv);
  await child.until('stdout', /Ctrl-C stops it\.\n/);
  const [, addresses = ''] = /brokers {2}(\S+)\n/.exec(child.stdout) ?? [];
  const [first = ''] = addresses.split(',');
  t.is(
    child.stdout,
    `Kafka cluster in memory, 2 brokers: for development and tests. Its data is lost when it stops.

  brokers  ${addresses}
  topics   words (4 partitions), out (1 partition)

From another terminal:
  kasper run job.js --brokers ${addresses}
  kcat -b ${first} -L
  echo 'key:value' | kcat -b ${first} -P -t words -K :

Ctrl-C stops it.
`,
  );

  const client = openClient({ brokers: addresses.split(',') }, { logger: silentLogger });
  t.teardown(() => client.close());
  await client.connect();
  const topics = await client.describeTopics(['words', 'out']);
  t.deepEqual(
    [...topics.values()].map(({ topic, partitionCount }) => [topic, partitionCount]),
    [
      ['words', 4],
      ['out', 1],
    ],
  );

  child.kill('SIGINT');
  t.deepEqual(await child.exited, { code: 0, signal: null });
  t.deepEqual(
    withoutTimes(child.stderr)
      .split('\n')
      .map((line) => line.replaceAll(addresses, 'ADDRESSES')),
    [
      `TIME info  Embedded Kafka cluster started: in memory, for development and tests, never for production brokers=${JSON.stringify(addresses.split(','))}`,
      'Stopping',
      '',
    ],
  );
});

testWith(['kcat'], 'without topics, what kasper broker prints is of use as it stands', async (t) => {
  const child = startChild(t, 'source/cli/bin', ['broker', '--port', '0']);
  await child.until('stdout', /Ctrl-C stops it\.\n/);
  const [, first = ''] = /brokers {2}(\S+)\n/.exec(child.stdout) ?? [];
  t.is(
    child.stdout,
    `Kafka cluster in memory, 1 broker: for development and tests. Its data is lost when it stops.

  brokers  ${first}
  topics   none yet: --topic name:partitions, --auto-create-topics, or an admin client

From another terminal:
  kasper run job.js --brokers ${first}
  kcat -b ${first} -L

Ctrl-C stops it.
`,
  );
  await kcat([first], ['-L']);
});

testWith(['kcat'], 'with --auto-create-topics the line for kcat makes the topic', async (t) => {
  const argv = ['broker', '--port', '0', '--auto-create-topics', '--default-partitions', '3'];
  const child = startChild(t, 'source/cli/bin', argv);
  await child.until('stdout', /Ctrl-C stops it\.\n/);
  const [line = ''] = /echo 'key:value' .*/.exec(child.stdout) ?? [];
  const [, broker = '', topic = ''] = /-b (\S+) -P -t (\S+) -K :$/.exec(line) ?? [];
  await run('/bin/sh', ['-c', line], { timeoutMs: 20_000 });
  const records = await kcatRecords([broker], topic);
  t.deepEqual(
    records.map(({ key, value }) => [key, value]),
    [['key', 'value']],
  );
  t.regex(await kcat([broker], ['-L']), new RegExp(`topic "${topic}" with 3 partitions`));
  t.regex(child.stderr, /info {2}A client created a topic .*topic=words partitions=3 /);
});

test('kasper broker logs what it does and what it refuses, not each request', async (t) => {
  const argv = ['broker', '--port', '0', '--topic', 'words:1', '--log-format', 'json'];
  const child = startChild(t, 'source/cli/bin', argv);
  await child.until('stdout', /Ctrl-C stops it\.\n/);
  const [, first = ''] = /brokers {2}(\S+)\n/.exec(child.stdout) ?? [];
  const client = openClient({ brokers: [first] }, { logger: silentLogger });
  t.teardown(() => client.close());
  await client.connect();
  for (let i = 0; i < 10; i++) await client.describeTopics(['words', 'nowhere']);
  const raw = connect(Number(first.split(':')[1]), '127.0.0.1');
  raw.on('error', () => undefined);
  raw.write(Buffer.from('7fffffff', 'hex'));
  await child.until('stderr', /impossible size/);
  child.kill('SIGTERM');
  await child.exited;
  const lines = child.stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { level: string; message: string; topic?: string });
  t.deepEqual(
    lines.map(({ level, message, topic }) => [level, message.replaceAll(/\d+/g, '#'), topic]),
    [
      [
        'info',
        'Embedded Kafka cluster started: in memory, for development and tests, never for production',
        undefined,
      ],
      ['warn', 'A request is refused', 'nowhere'],
      ['warn', 'A request is refused', 'nowhere'],
      ['warn', 'A request is refused', 'nowhere'],
      ['warn', 'A request of an impossible size closes the connection', undefined],
      ['warn', 'A request is refused … # more like this in the last # s', 'nowhere'],
    ],
  );
});

test('kasper broker listens where --host says, and names --advertised-host', async (t) => {
  const open = startChild(t, 'source/cli/bin', ['broker', '--port', '0', '--host', '0.0.0.0', '--json']);
  await open.until('stdout', /\n\}\n/);
  const { brokers } = JSON.parse(open.stdout) as { brokers: string[] };
  t.regex(brokers[0] ?? '', /^127\.0\.0\.1:\d+$/, 'no client can connect to 0.0.0.0');
  const named = ['--host', '0.0.0.0', '--advertised-host', 'kafka.test', '--json'];
  const child = startChild(t, 'source/cli/bin', ['broker', '--port', '0', ...named]);
  await child.until('stdout', /\n\}\n/);
  t.regex((JSON.parse(child.stdout) as { brokers: string[] }).brokers[0] ?? '', /^kafka\.test:\d+$/);
});

test('kasper broker --json says where it listens, as one document', async (t) => {
  const child = startChild(t, 'source/cli/bin', ['broker', '--port', '0', '--topic', 'words:4', '--json']);
  await child.until('stdout', /\n\}\n/);
  const { brokers, topics } = JSON.parse(child.stdout) as { brokers: string[]; topics: object[] };
  t.deepEqual(topics, [{ topic: 'words', partitions: 4 }]);
  const client = openClient({ brokers }, { logger: silentLogger });
  t.teardown(() => client.close());
  await client.connect();
  t.is((await client.describeTopics(['words'])).get('words')?.partitionCount, 4);
});

test('a port that is taken ends with 2 and names it', async (t) => {
  const server = createServer();
  t.teardown(() => server.close());
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { exitCode, stdout, stderr } = await kasper(['broker', '--port', String(port)]);
  t.is(exitCode, 2);
  t.is(stdout, '');
  t.regex(stderr, new RegExp(`^error: Embedded Kafka cluster: .*${port}`));
});
