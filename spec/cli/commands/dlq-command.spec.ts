import type { ExecutionContext } from 'ava';
import test from 'ava';
import { deadLetter, eachMessage, groupIdOf, TopicProcessor } from 'kasper-ts';
import { startEmbedded, testOnEach } from '../../_helpers/servers/clusters.ts';
import { clientOf, write } from '../../_helpers/jobs/system-job.ts';
import { randomName, type TestCluster } from '../../_helpers/servers/services.ts';
import { kasper } from '../memory-io.ts';

/** Names of one length, so that tables stay as they are. */
interface Setup {
  readonly topic: string;
  readonly dlq: string;
  readonly job: string;
  /** Runs `kasper`, and shows names as if they were always the same. */
  readonly kasper: (...argv: readonly string[]) => ReturnType<typeof kasper>;
  /** Runs the job to its end: it fails at values that begin with `bad`. Returns those that it met. */
  readonly run: (isMended?: boolean) => Promise<string[]>;
}

/** Two partitions with four records each, of which one is bad; set aside by a job. */
async function setUp(t: ExecutionContext, cluster: TestCluster): Promise<Setup> {
  const topic = randomName('in');
  const job = randomName('job');
  const dlq = `${topic}.dlq`;
  const brokers = cluster.brokers.join(',');
  await cluster.createTopic(topic, 2);
  await cluster.createTopic(dlq, 1);
  await write(cluster, topic, ['a', 'bad one', 'b', 'c'], 0);
  await write(cluster, topic, ['bad two', 'd', 'e', 'f'], 1);
  const shown = (text: string) => text.replaceAll(topic, 'in').replaceAll(job, 'job');
  const setup: Setup = {
    topic,
    dlq,
    job,
    async kasper(...argv) {
      const { exitCode, stdout, stderr } = await kasper([...argv, '--brokers', brokers]);
      return { exitCode, stdout: shown(stdout), stderr: shown(stderr) };
    },
    async run(isMended = false) {
      const met: string[] = [];
      const processor = new TopicProcessor(
        {
          topicProcessorName: job,
          client: { brokers: [...cluster.brokers] },
          inputTopics: [topic],
          inputPartitions: [0, 1],
          claims: false,
          middleware: [deadLetter()],
        },
        eachMessage(({ valueText, partition }) => {
          met.push(`${partition} ${valueText ?? ''}`);
          if (!isMended && valueText?.startsWith('bad') === true) throw new TypeError(`${valueText}: no`);
        }),
      );
      await processor.runToEnd();
      return met.sort();
    },
  };
  await setup.run();
  return setup;
}

testOnEach('dead letters are shown, replayed once to their partitions, and purged', async (t, cluster) => {
  const { topic, dlq, run, kasper: command } = await setUp(t, cluster);
  const shown = await command('dlq', 'show', dlq);
  t.deepEqual([shown.exitCode, shown.stderr], [0, '']);
  t.regex(shown.stdout, /^in\.dlq\n\nAT +FROM +TIMES +STAGE +ERROR +MESSAGE\n/);
  t.regex(shown.stdout, /0\/\d +in\/0\/1 +1 +process +TypeError +bad one: no\n/);
  t.regex(shown.stdout, /0\/\d +in\/1\/0 +1 +process +TypeError +bad two: no\n/);

  const dry = await command('dlq', 'replay', dlq);
  t.regex(
    dry.stdout,
    /^in\.dlq\n\nTO +RECORDS\nin +2\n\nDry run: nothing was sent\. Add --execute to send them\. Every job that reads these topics gets them again\.\n$/,
  );
  const client = await clientOf(t, cluster);
  const ends = async () =>
    (
      await client.listOffsets(
        'latest',
        [0, 1].map((partition) => ({ topic, partition })),
        'read_committed',
      )
    ).map(({ offset }) => offset);
  t.deepEqual(await ends(), [4, 4]);

  const done = await command('dlq', 'replay', dlq, '--execute');
  t.deepEqual([done.exitCode, done.stderr], [0, '']);
  t.regex(done.stdout, /\nin +2\n\nDone: 2 dead letters replayed\. They are still in in\.dlq/);
  t.deepEqual(await ends(), [5, 5]);
  t.deepEqual(await run(true), ['0 bad one', '1 bad two']);

  // What was replayed is committed.
  t.is((await command('dlq', 'replay', dlq, '--execute')).stdout, 'in.dlq: nothing to replay\n');
  t.is((await command('dlq', 'replay', dlq)).stdout, 'in.dlq: nothing to replay\n');

  const before = await command('dlq', 'purge', dlq, '--before', 'replayed');
  t.regex(before.stdout, /\n +0 +0 +2 +2\n\nDry run: nothing was deleted/);
  t.regex(
    (await command('dlq', 'purge', dlq, '--before', 'replayed', '--execute')).stdout,
    /Done: 2 records deleted\./,
  );
  t.is((await command('dlq', 'purge', dlq, '--before', 'replayed')).stdout, 'in.dlq: nothing to delete\n');
  t.is((await command('dlq', 'show', dlq)).stdout, 'in.dlq: no dead letters\n');
});

testOnEach('a letter that fails again after its replay counts one delivery more', async (t, cluster) => {
  const { dlq, run, kasper: command } = await setUp(t, cluster);
  await command('dlq', 'replay', dlq, '--execute');
  await run();
  const { letters } = JSON.parse((await command('dlq', 'show', dlq, '--json')).stdout) as {
    letters: { deliveryCount: number; topic: string; partition: number; offset: number }[];
  };
  t.deepEqual(
    letters.map(({ deliveryCount }) => deliveryCount),
    [1, 1, 2, 2],
  );
  t.deepEqual(
    letters
      .slice(2)
      .map(({ topic, partition, offset }) => [topic, partition, offset])
      .sort(),
    [
      ['in', 0, 4],
      ['in', 1, 4],
    ],
  );
});

testOnEach('--where replays some, and leaves the others for another time', async (t, cluster) => {
  const { topic, dlq, kasper: command } = await setUp(t, cluster);
  const other = randomName('to');
  await cluster.createTopic(other, 1);
  const none = await command('dlq', 'replay', dlq, '--where', 'error=RangeError', '--execute');
  t.is(none.stdout, 'in.dlq: nothing to replay\n2 dead letters are left out by --where.\n');
  const some = await command(
    'dlq',
    'replay',
    dlq,
    '--where',
    `topic=${topic}`,
    '--where',
    'stage=process',
    '--to',
    other,
    '--execute',
  );
  t.regex(some.stdout, /\nDone: 2 dead letters replayed\./);
  // Of all of them nothing was replayed yet.
  t.regex((await command('dlq', 'replay', dlq)).stdout, /\nin +2\n/);
  t.is((await command('dlq', 'purge', dlq, '--before', 'replayed')).stdout, 'in.dlq: nothing to delete\n');
  const shown = await command('dlq', 'show', dlq, '--where', 'error=RangeError');
  t.is(shown.stdout, 'in.dlq: no dead letters\n');
  const limited = await command('dlq', 'show', dlq, '--limit', '1');
  t.regex(limited.stdout, /\nThere are more than 1: raise --limit/);
});

test('what is wrong is said before anything is sent', async (t) => {
  const cluster = await startEmbedded(t, { topics: { 'orders.dlq': 1, plain: 1 } });
  cluster.produce('plain', [{ key: 'k', value: 'v' }]);
  const brokers = cluster.brokers.join(',');
  const failed = async (...argv: readonly string[]) => {
    const { exitCode, stdout, stderr } = await kasper(['dlq', ...argv, '--brokers', brokers]);
    t.is(stdout, '');
    return `${exitCode} ${stderr}`;
  };
  t.regex(
    await failed('show', 'order.dlq'),
    /^2 .*topic 'order\.dlq' does not exist; did you mean 'orders\.dlq'/s,
  );
  t.regex(
    await failed('show', 'orders.dlq', '-p', '0-3'),
    /^2 .*has partitions 0 to 0, not 1-3: change partitions/s,
  );
  t.regex(
    await failed('show', 'orders.dlq', '--where', 'eror=X'),
    /^2 .*It must be error=…, stage=…, topic=…, group=…/s,
  );
  t.regex(await failed('show', 'orders.dlq', '--limit', '0'), /^2 .*whole number from 1/s);
  t.regex(
    await failed('replay', 'plain'),
    /^2 .*plain\/0 offset 0 does not say where it is from .*give --to with a topic/s,
  );
  t.regex(await failed('replay', 'plain', '--to', 'nowhere'), /^2 .*topic 'nowhere'.* does not exist/s);
  t.regex(await failed('replay', 'plain', '--to', 'plain'), /^2 .*they would be dead letters again/s);
  t.regex(await failed('purge', 'plain'), /^2 .*--before/s);
  t.regex(
    await failed('purge', 'plain', '--before', 'yesterday'),
    /^2 .*It must be `replayed`, an offset, or a time/s,
  );
  const { stdout } = await kasper([
    'dlq',
    'purge',
    'plain',
    '--before',
    '1',
    '--execute',
    '--brokers',
    brokers,
  ]);
  t.regex(stdout, /Done: 1 record deleted\./);
  t.is(cluster.startOffset('plain', 0), 1);
  t.is(cluster.endOffset('orders.dlq', 0), 0);
  t.deepEqual(cluster.committed(groupIdOf('dlq-replay-plain')), []);
});
