import { createServer } from 'node:net';
import test from 'ava';
import { openClient, silentLogger } from 'kasper-ts';
import { startChild } from '../child.ts';
import { kasper } from '../memory-io.ts';

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
  t.is(child.stderr, 'Stopping\n');
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
