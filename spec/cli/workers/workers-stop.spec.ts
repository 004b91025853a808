import test, { type ExecutionContext } from 'ava';
import { startChild } from '../child.ts';
import { folderWith } from '../job-file.ts';
import { kasper } from '../memory-io.ts';
import {
  type Deployment,
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
  'a poison batch of one worker has the others finish and commit; its error ends the run, and names the worker',
  async (t, cluster) => {
    const deployment = await deploy(
      t,
      cluster,
      50,
      "if (partition === 5 && messages[0].offset >= 20) throw new RangeError('poison'); await new Promise((go) => setTimeout(go, 20));",
    );
    const { folder, argv, input } = deployment;
    const { exitCode, stdout, stderr } = await kasper([...argv, '--log-level', 'error'], { cwd: folder });
    t.is(exitCode, 1);
    t.is(stdout, '');
    t.regex(stderr, /^\S+ error Run failed worker=2 /);
    t.regex(
      stderr,
      new RegExp(
        `\nerror: worker 2 \\(pid \\d+, partitions 4-7\\): The process failed for ${input}/5 offsets 20 to 29; nothing of this batch was committed, .* RangeError: poison\n {2}RangeError: poison\n {6}at .*job\\.mjs`,
      ),
    );
    const offsets = await committed(deployment);
    t.is(offsets[5], 20);
    // What is committed was sent, and nothing else was.
    t.is(
      (await outputValues(cluster, deployment)).length,
      offsets.reduce((sum, offset) => sum + Math.max(0, offset), 0),
    );
  },
);

testInTurn(
  'a worker that is killed is reported with its partitions; what was committed is right, and the next run does the rest',
  async (t, cluster) => {
    const deployment = await deploy(t, cluster, 50, 'if (partition === 6) await new Promise(() => {});');
    const { folder, argv } = deployment;
    const child = startChild(t, 'source/cli/bin', argv, { cwd: folder });
    const [, pid = 0] = await pidsOf(child);
    await soon(async () => (await committed(deployment)).filter((offset) => offset === 50).length >= 8);
    process.kill(pid, 'SIGKILL');
    t.deepEqual(await child.exited, { code: 1, signal: null });
    t.regex(
      child.stderr,
      new RegExp(
        `\nerror: worker 2 \\(pid ${pid}, partitions 4-7\\) was killed by SIGKILL; find out who sent it: Linux does so when memory runs out \\(see dmesg\\)\\. What it had not committed is reprocessed at the next start\n$`,
      ),
    );
    t.is(child.stdout, '');
    const { folder: mended } = await redeploy(t, deployment);
    const rest = await kasper([...argv, '--to-end', '--log-level', 'error'], { cwd: mended });
    t.is(rest.exitCode, 0);
    t.deepEqual(
      await committed(deployment),
      Array.from({ length: PARTITIONS }, () => 50),
    );
    t.deepEqual([...new Set(await outputValues(cluster, deployment))], numbers(600));
  },
);

/** The same job, mended: it copies, and nothing else. */
async function redeploy(
  t: ExecutionContext,
  { name, input, output }: Deployment,
): Promise<{ folder: string }> {
  const folder = await folderWith(
    t,
    'job.mjs',
    `export default {
      topicProcessorName: '${name}', inputTopics: ['${input}'],
      processor: { process(messages, sender) { for (const { value } of messages) sender.send({ topic: '${output}', value }); } },
    };`,
  );
  return { folder };
}

testInTurn(
  'when the command itself is killed its workers finish what they have in hand, commit it, and end',
  async (t, cluster) => {
    const deployment = await deploy(t, cluster, 200, 'await new Promise((go) => setTimeout(go, 30));');
    const { folder, argv } = deployment;
    const child = startChild(t, 'source/cli/bin', argv, { cwd: folder });
    const pids = await pidsOf(child);
    await soon(async () => (await committed(deployment)).filter((offset) => offset >= 20).length >= 6);
    child.kill('SIGKILL');
    await child.exited;
    await soon(() => !pids.some(isAlive));
    const offsets = await committed(deployment);
    t.is(
      (await outputValues(cluster, deployment)).length,
      offsets.reduce((sum, offset) => sum + Math.max(0, offset), 0),
    );
    // Their claims are released: the next run need not wait for them to grow stale.
    const rest = await kasper([...argv, '--to-end', '--log-level', 'warn'], { cwd: folder });
    t.is(rest.stderr, '');
    t.is(rest.exitCode, 0);
    t.deepEqual(await outputValues(cluster, deployment), numbers(PARTITIONS * 200));
  },
);

test.serial(
  'Ctrl-C has all workers finish the batch in hand, and ends with 0 and the summary of all',
  async (t) => {
    const { name, folder, argv, ...deployment } = await deploy(t, await embedded(t), 50);
    const child = startChild(t, 'source/cli/bin', argv, { cwd: folder });
    const pids = await pidsOf(child);
    await soon(async () =>
      (await committed({ name, folder, argv, ...deployment })).every((offset) => offset === 50),
    );
    // It reaches the workers as well, from the terminal.
    for (const pid of pids) process.kill(pid, 'SIGINT');
    child.kill('SIGINT');
    t.deepEqual(await child.exited, { code: 0, signal: null });
    t.regex(child.stderr, /Stopping: the batch in process is finished and committed first\n/);
    t.regex(child.stdout, new RegExp(`^${name}: stopped after 600 records in 60 batches by 3 workers in `));
    t.false(pids.some(isAlive));
  },
);

test.serial('SIGTERM to one worker stops all of them, properly', async (t) => {
  const deployment = await deploy(t, await embedded(t), 1);
  const child = startChild(t, 'source/cli/bin', deployment.argv, { cwd: deployment.folder });
  const [pid = 0] = await pidsOf(child);
  await soon(async () => (await committed(deployment)).every((offset) => offset === 1));
  process.kill(pid, 'SIGTERM');
  t.deepEqual(await child.exited, { code: 0, signal: null });
  t.regex(child.stdout, / stopped after 12 records in 12 batches by 3 workers /);
});

test.serial('a second Ctrl-C ends all processes at once with 130', async (t) => {
  const deployment = await deploy(
    t,
    await embedded(t),
    1,
    "console.log('in hand'); await new Promise(() => {});",
  );
  const child = startChild(t, 'source/cli/bin', deployment.argv, { cwd: deployment.folder });
  const pids = await pidsOf(child);
  await child.until('stdout', /in hand\n/);
  child.kill('SIGINT');
  await child.until('stderr', /Still stopping; press Ctrl-C again to exit immediately/);
  child.kill('SIGINT');
  t.deepEqual(await child.exited, { code: 130, signal: null });
  await soon(() => !pids.some(isAlive));
  t.pass();
});
