import { hostname } from 'node:os';
import test from 'ava';
import { startChild } from '../child.ts';
import { folderWith } from '../job-file.ts';
import { kasper, withoutTimes } from '../memory-io.ts';
import {
  PARTITIONS,
  committed,
  deploy,
  embedded,
  isAlive,
  numbers,
  outputValues,
  pidsOf,
  soon,
  testInTurn,
} from './copy-job.ts';

testInTurn(
  'three workers copy 12 partitions, each record once, with one summary of all',
  async (t, cluster) => {
    const deployment = await deploy(t, cluster, 50);
    const { folder, argv, input, name } = deployment;
    const { exitCode, stdout, stderr } = await kasper(
      [...argv, '--to-end', '--json', '--log-level', 'warn'],
      {
        cwd: folder,
      },
    );
    t.is(stderr, '');
    t.is(exitCode, 0);
    const { workers, partitions, recordsPerSecond, durationMs, ...rest } = JSON.parse(stdout) as {
      workers: { worker: number; records: number; partitions: { partition: number }[] }[];
      partitions: unknown[];
      recordsPerSecond: number;
      durationMs: number;
    };
    t.true(recordsPerSecond > 0 && durationMs > 0);
    t.deepEqual(rest, {
      topicProcessorName: name,
      stopped: false,
      records: 600,
      batches: 60,
      sent: 600,
      tally: { retried: 0, dead_lettered: 0, skipped: 0 },
      openTransactions: [],
    } as object);
    t.deepEqual(
      partitions,
      numbers(PARTITIONS).map((partition) => ({ topic: input, partition, start: 0, end: 50 })),
    );
    t.deepEqual(
      workers.map(({ worker, records, partitions: own }) => [
        worker,
        records,
        own.map(({ partition }) => partition),
      ]),
      [
        [1, 200, [0, 1, 2, 3]],
        [2, 200, [4, 5, 6, 7]],
        [3, 200, [8, 9, 10, 11]],
      ],
    );
    t.deepEqual(await outputValues(cluster, deployment), numbers(600));
    t.deepEqual(
      await committed(deployment),
      Array.from({ length: PARTITIONS }, () => 50),
    );
    const again = await kasper([...argv, '--to-end', '--log-level', 'warn'], { cwd: folder });
    t.is(again.stderr, '');
    t.regex(
      withoutTimes(again.stdout),
      new RegExp(
        `^${name}: 0 records in 0 batches by 3 workers in T s \\(R/s\\), 0 records sent, committed up to ${input}/0 50, .*${input}/11 50\n$`,
      ),
    );
  },
);

test.serial('one port serves the metrics, the state and the health of all workers', async (t) => {
  const monitor = 'monitor: { port: 1, blockedAfterMs: 3000 },';
  const deployment = await deploy(t, await embedded(t), 10, '', monitor);
  const { argv, folder, name } = deployment;
  const child = startChild(t, 'source/cli/bin', [...argv, '--metrics-port', '0', '--kasper-names'], {
    cwd: folder,
  });
  await child.until('stderr', /The monitor server is listening url=\S+\n/);
  const url = /is listening url=(\S+)/.exec(child.stderr)?.[1] ?? '';
  const pids = await pidsOf(child);
  const get = async (path: string) => {
    const response = await fetch(`${url}${path}`);
    return { status: response.status, body: await response.text() };
  };
  const sumOf = (body: string, metric: string) =>
    [...body.matchAll(new RegExp(`^${metric}\\{.*\\} (\\d+)$`, 'gm'))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
  let body = '';
  await soon(async () => {
    ({ body } = await get('/metrics'));
    return sumOf(body, 'kasper_records_consumed_total') === 120;
  });
  t.is(sumOf(body, 'kasper_records_produced_total'), 120);
  t.is(sumOf(body, 'kasper_incoming_message_count'), 120);
  t.is(sumOf(body, 'kasper_batches_total'), 12);
  t.is(sumOf(body, 'kasper_partitions_owned'), 12);
  t.regex(body, /^kasper_event_loop_blocked_seconds \d/m);
  await soon(async () => (await get('/readyz')).status === 200);
  const stats = JSON.parse((await get('/api/stats')).body) as {
    processors: { worker: number; state: string; topicProcessorName: string; partitions: unknown[] }[];
  };
  t.deepEqual(
    stats.processors.map(({ worker, state, topicProcessorName, partitions }) => [
      worker,
      state,
      topicProcessorName,
      partitions.length,
    ]),
    [1, 2, 3].map((worker) => [worker, 'running', name, 4]),
  );
  t.is((await get('/healthz')).status, 200);
  // A suspended process is to the others as one whose event loop is blocked.
  process.kill(pids[1] ?? 0, 'SIGSTOP');
  t.teardown(() => isAlive(pids[1] ?? 0) && process.kill(pids[1] ?? 0, 'SIGKILL'));
  await soon(async () => (await get('/healthz')).status === 503);
  t.regex(
    (await get('/healthz')).body,
    new RegExp(
      `"${name}, worker 2 \\(pid ${pids[1] ?? 0}, partitions 4-7\\): it has not answered for \\d+ s: its event loop is blocked, or the process is suspended"`,
    ),
  );
  ({ body } = await get('/metrics'));
  t.is(sumOf(body, 'kasper_records_consumed_total'), 120, 'what it told before still counts');
  process.kill(pids[1] ?? 0, 'SIGCONT');
  await soon(async () => (await get('/healthz')).status === 200);
  child.kill('SIGTERM');
  t.deepEqual(await child.exited, { code: 0, signal: null });
});

test.serial(
  'there are never more workers than partitions, and stores in memory are said not to be shared',
  async (t) => {
    const { folder, argv, name, input, output } = await deploy(t, await embedded(t), 1);
    const stores = await folderWith(
      t,
      'job.mjs',
      `export default {
      topicProcessorName: '${name}', inputTopics: ['${input}'], stores: (stores) => ({ seen: stores.store('seen') }),
      processor: { async process(messages, sender, { stores, tally }) {
        await stores.seen.put('a', Buffer.from('b'));
        sender.send({ topic: '${output}', value: 'c' });
        tally('skipped', 1);
      } },
    };`,
    );
    const { exitCode, stdout, stderr } = await kasper(
      [...argv, '--to-end', '--partitions', '3,7', '--log-level', 'warn'],
      {
        cwd: stores,
      },
    );
    t.is(exitCode, 0);
    t.is(
      withoutTimes(stderr),
      'TIME warn  The stores are in the memory of the process: what they hold ends with it, while the offsets stay committed. Keep it with --store redis or --store elasticsearch\n' +
        'TIME warn  Fewer workers than asked for: a partition is read by one worker workers=2 asked=3 partitions=3,7\n' +
        'TIME warn  Stores in memory are not shared: each worker has its own (--store map) workers=2\n',
    );
    t.is(
      withoutTimes(stdout),
      `${name}: 2 records in 2 batches by 2 workers in T s (R/s), 2 records sent, 2 messages skipped, committed up to ${input}/3 1, ${input}/7 1\n` +
        'gone with the memory of the process: seen (2 keys); the next run continues behind the committed offsets without it. Keep it with --store redis or --store elasticsearch\n',
    );
    t.truthy(folder);
  },
);

test.serial(
  'the lines of workers come out whole, each with its number, and so does what the job prints',
  async (t) => {
    const deployment = await deploy(
      t,
      await embedded(t),
      20,
      "console.log('x'.repeat(5000)); console.error('y'.repeat(5000));",
    );
    const { exitCode, stdout, stderr } = await kasper([...deployment.argv, '--to-end'], {
      cwd: deployment.folder,
    });
    t.is(exitCode, 0);
    const prints = stdout.trim().split('\n').slice(0, -1);
    t.is(prints.length, 24);
    t.true(prints.every((line) => line === 'x'.repeat(5000)));
    const lines = stderr.trim().split('\n');
    t.is(lines.filter((line) => line === 'y'.repeat(5000)).length, 24);
    for (const worker of [1, 2, 3]) {
      t.is(lines.filter((line) => line.includes(`Run starts worker=${worker} `)).length, 1);
      t.is(lines.filter((line) => line.includes(`Run ended worker=${worker} `)).length, 1);
    }
  },
);

test.serial('partitions that another run has are all named, though several workers want them', async (t) => {
  const cluster = await embedded(t);
  const deployment = await deploy(t, cluster, 1);
  const { folder, input } = deployment;
  const argv = ['run', 'job.mjs', '--brokers', cluster.brokers.join(','), '--partitions', '0-3'];
  const owner = startChild(t, 'source/cli/bin', argv, { cwd: folder });
  await soon(async () => (await committed(deployment)).slice(0, 4).every((offset) => offset === 1));
  const pid = Number(/ pid=(\d+)/.exec(owner.stderr)?.[1]);
  const refused = await kasper([...argv, '--workers', '2', '--log-level', 'error'], { cwd: folder });
  t.is(refused.exitCode, 6);
  t.is(refused.stdout, '');
  t.deepEqual(
    refused.stderr
      .match(/^error: .*$/gm)
      ?.map((line) => line.replaceAll(/pid \d+,/g, 'pid P,').split(', running')[0])
      .sort(),
    [
      `error: worker 1 (pid P, partitions 0-1): ${input}/0, ${input}/1 are processed by another process under the same name: process ${pid} on host ${hostname()}`,
      `error: worker 2 (pid P, partitions 2-3): ${input}/2, ${input}/3 are processed by another process under the same name: process ${pid} on host ${hostname()}`,
    ],
  );
  owner.kill('SIGTERM');
  t.deepEqual(await owner.exited, { code: 0, signal: null });
});

test.serial('a port that is taken is said before any worker is started', async (t) => {
  const cluster = await embedded(t);
  const deployment = await deploy(t, cluster, 1);
  const port = (cluster.brokers[0] ?? '').split(':')[1] ?? '';
  const { exitCode, stdout, stderr } = await kasper([...deployment.argv, '--metrics-port', port], {
    cwd: deployment.folder,
  });
  t.is(exitCode, 2);
  t.is(stdout, '');
  t.regex(
    stderr,
    new RegExp(
      `^error: MonitorServer: cannot listen on port ${port} of 127\\.0\\.0\\.1: another process listens there`,
    ),
  );
});

test.serial('kasper worker is not started by hand', async (t) => {
  t.deepEqual(await kasper(['worker']), {
    exitCode: 2,
    stdout: '',
    stderr: 'error: kasper worker: it is started by kasper run --workers, not by hand\n',
  });
});
