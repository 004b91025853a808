import test from 'ava';
import { startEmbedded, testOnEach } from '../../_helpers/servers/clusters.ts';
import { describeGroup, kafkaTool } from '../../_helpers/servers/kafka-tools.ts';
import { testOnReal } from '../../_helpers/servers/services.ts';
import { kafkajsFor, values } from '../../_helpers/jobs/system-job.ts';
import { adminJob, GROUP } from '../admin-cluster.ts';
import { startChild } from '../child.ts';

const UNSEEN =
  'No processor was seen on in-xxxxxxxxxxxx/0, in-xxxxxxxxxxxx/1; one with `claims: false` cannot be seen: make sure that none runs';

testOnEach('reset shows what it would mean, and changes nothing without --execute', async (t, cluster) => {
  const job = await adminJob(t, cluster);
  await job.commit(0, 8);
  await job.commit(1, 1);
  t.deepEqual(await job.kasper('offsets', 'reset', job.name, '--to-offset', '4'), {
    exitCode: 0,
    stdout: `${GROUP}

TOPIC            PARTITION  FROM  TO  EFFECT
in-xxxxxxxxxxxx          0     8   4  4 records are reprocessed
in-xxxxxxxxxxxx          1     1   4  3 records are skipped

In total, 4 records are reprocessed, 3 records are skipped.
Left as they are, since nothing is committed there: in-xxxxxxxxxxxx/2.
${UNSEEN}.
Dry run: nothing was changed. Add --execute to set the offsets.
`,
    stderr: '',
  });
  t.deepEqual([await job.committed(0), await job.committed(1)], [8, 1]);
  const { stdout } = await job.kasper('offsets', 'reset', job.name, '--shift-by', '-2');
  t.is(
    stdout,
    `${GROUP}

TOPIC            PARTITION  FROM  TO  EFFECT
in-xxxxxxxxxxxx          0     8   6  2 records are reprocessed
in-xxxxxxxxxxxx          1     1   0  1 record is reprocessed, stopped at the start of the log

In total, 3 records are reprocessed.
Left as they are, since nothing is committed there: in-xxxxxxxxxxxx/2.
${UNSEEN}.
Dry run: nothing was changed. Add --execute to set the offsets.
`,
  );
});

testOnEach('the next run begins exactly at the offsets that were set', async (t, cluster) => {
  const job = await adminJob(t, cluster);
  t.deepEqual(await job.runToEnd(), [...values(10), ...values(5, 10)].sort());
  t.deepEqual(
    await job.kasper('offsets', 'reset', job.name, '--to-offset', '3', '--partitions', '0-1', '--execute'),
    {
      exitCode: 0,
      stdout: `${GROUP}

TOPIC            PARTITION  FROM  TO  EFFECT
in-xxxxxxxxxxxx          0    10   3  7 records are reprocessed
in-xxxxxxxxxxxx          1     5   3  2 records are reprocessed

In total, 9 records are reprocessed.
Done: 2 offsets set.
`,
      stderr: '',
    },
  );
  t.deepEqual(await job.runToEnd(), [...values(7, 3), ...values(2, 13)].sort());
});

testOnEach('reset is refused while a processor runs, and works once it has stopped', async (t, cluster) => {
  const job = await adminJob(t, cluster);
  const processor = await job.run();
  const reset = ['offsets', 'reset', job.name, '--to-earliest'] as const;
  t.deepEqual(await job.kasper(...reset, '--execute'), {
    exitCode: 6,
    stdout: '',
    stderr:
      `Watching for up to 15 s whether the owner still runs: pid P on H\n` +
      `error: The offsets are not changed, since a processor is running: in-xxxxxxxxxxxx/0-2: process P on host H, running since TIME. ` +
      'Stop it (Ctrl-C, or SIGTERM to that process), then try again.\n',
  });
  t.is(
    (await job.kasper(...reset)).stdout,
    `${GROUP}

TOPIC            PARTITION  FROM  TO  EFFECT
in-xxxxxxxxxxxx          0    10   0  10 records are reprocessed
in-xxxxxxxxxxxx          1     5   0  5 records are reprocessed
in-xxxxxxxxxxxx          2     0   0  stays

In total, 15 records are reprocessed.
--execute would be refused, since a processor runs on in-xxxxxxxxxxxx/0-2: pid P on H, alive since TIME.
Dry run: nothing was changed. Add --execute to set the offsets.
`,
  );
  t.is(await job.committed(0), 10);
  await processor.close();
  t.like(await job.kasper(...reset, '--execute'), { exitCode: 0, stderr: '' });
  t.deepEqual([await job.committed(0), await job.committed(1), await job.committed(2)], [0, 0, 0]);
});

testOnEach('reset works at once after a process of this host was killed', async (t, cluster) => {
  const job = await adminJob(t, cluster);
  const killed = startChild(t, 'spec/_helpers/jobs/claims-child', [job.brokers, job.topic, job.name]);
  await killed.until('stdout', /batch 2 from 5/);
  killed.kill('SIGKILL');
  await killed.exited;
  const began = Date.now();
  const { exitCode, stderr } = await job.kasper(
    ...['offsets', 'reset', job.name, '--to-latest', '--partitions', '0', '--execute'],
  );
  t.deepEqual([exitCode, stderr], [0, '']);
  t.true(Date.now() - began < 12_000, 'the owner was not waited for');
  t.is(await job.committed(0), 10);
});

testOnEach('reset waits until an owner that was stopped was silent for long enough', async (t, cluster) => {
  const job = await adminJob(t, cluster);
  const stopped = startChild(t, 'spec/_helpers/jobs/claims-child', [job.brokers, job.topic, job.name]);
  await stopped.until('stdout', /batch 2 from 5/);
  stopped.kill('SIGSTOP');
  const dryRun = await job.kasper('offsets', 'reset', job.name, '--to-latest', '--partitions', '0');
  t.regex(
    dryRun.stdout,
    /\n--execute would first watch whether the owner of in-x+\/0 still runs: pid P on H, silent now, started TIME\.\n/,
  );
  const outcome = await job.kasper(
    ...[
      'offsets',
      'reset',
      job.name,
      '--to-latest',
      '--partitions',
      '0',
      '--execute',
      '--claim-timeout-ms',
      '6000',
    ],
  );
  t.is(outcome.exitCode, 0);
  t.is(
    outcome.stderr.replace(/^TIME warn {2}/m, 'TIME warn '),
    'Watching for up to 6.00 s whether the owner still runs: pid P on H\n' +
      'TIME warn Partitions are taken over from an owner that was silent for claimTimeoutMs (6000 ms) owners="in-xxxxxxxxxxxx/0: process P on host H, running since TIME"\n',
  );
  stopped.kill('SIGCONT');
  await stopped.exited;
  t.regex(stopped.stdout, /ended by FencedError/);
  t.is(await job.committed(0), 10);
});

testOnEach('a processor with claims: false cannot be seen, which is said', async (t, cluster) => {
  const job = await adminJob(t, cluster);
  const processor = await job.run([0, 1], false);
  const { exitCode, stdout } = await job.kasper('offsets', 'reset', job.name, '--to-earliest', '--execute');
  t.is(exitCode, 0);
  t.true(stdout.includes(`\n${UNSEEN}, or its commits overwrite this.\nDone: 2 offsets set.\n`), stdout);
  await processor.close();
});

testOnEach('reset is refused while a consumer is a member of the group', async (t, cluster) => {
  const job = await adminJob(t, cluster);
  await job.commit(0, 4);
  const consumer = kafkajsFor(cluster).consumer({ groupId: job.groupId });
  t.teardown(() => consumer.disconnect());
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.subscribe({ topic: job.topic });
  await consumer.run({ autoCommit: false, eachMessage: () => Promise.resolve() });
  await joined;
  for (const claims of [[], ['--no-claims']]) {
    t.deepEqual(await job.kasper('offsets', 'reset', job.name, '--to-latest', '--execute', ...claims), {
      exitCode: 6,
      stdout: '',
      stderr: `error: The offsets of group ${GROUP} are not changed: a consumer is a member of it (kafkajs from 127.0.0.1). Stop it, then try again.\n`,
    });
  }
  const { stdout } = await job.kasper('offsets', 'reset', job.name, '--to-latest');
  t.regex(
    stdout,
    /\n--execute would be refused, since a consumer is a member of the group: kafkajs from 127\.0\.0\.1\.\n/,
  );
  t.regex(
    (await job.kasper('offsets', 'show', job.name)).stdout,
    /^.*\nmember kafkajs from 127\.0\.0\.1: while it is a member, no processor can commit\n\nTOPIC /,
  );
  await consumer.disconnect();
  t.like(await job.kasper('offsets', 'reset', job.name, '--to-latest', '--execute'), { exitCode: 0 });
  t.is(await job.committed(0), 10);
});

testOnReal(
  "Kafka's own tool reads back what was set, and the group stays without a member",
  async (t, kafka) => {
    const job = await adminJob(t, kafka);
    await job.commit(0, 4);
    const reset = (...argv: string[]) => job.kasper('offsets', 'reset', job.name, ...argv, '--execute');
    t.like(await reset('--to-latest', '--topics', job.topic), { exitCode: 0 });
    t.deepEqual(
      (await describeGroup(kafka, job.groupId)).map(({ partition, offset, lag, consumerId }) => [
        partition,
        offset,
        lag,
        consumerId,
      ]),
      [
        [0, 10, 0, undefined],
        [1, 5, 0, undefined],
        [2, 0, 0, undefined],
      ],
    );
    t.like(await job.client.describeGroup(job.groupId), { state: 'Empty', protocolType: '' });
    const state = await kafkaTool(kafka, 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', [
      ...['--describe', '--state', '--group', job.groupId],
    ]);
    t.regex(state, /Empty\s+0\s*$/);
    t.like(await job.client.describeGroup(`${job.groupId}-claims`), { state: 'Empty', protocolType: '' });
  },
);

testOnEach('reset to a time goes to the first record that is as new, or to the end', async (t, cluster) => {
  const job = await adminJob(t, cluster);
  const producer = kafkajsFor(cluster).producer();
  await producer.connect();
  const hour = 3_600_000;
  // A broker refuses what is of the future.
  const noon = Math.floor(Date.now() / hour) * hour - 4 * hour;
  await producer.send({
    topic: job.topic,
    messages: [1, 2, 3].map((hours) => ({
      partition: 2,
      value: 'later',
      timestamp: String(noon + hours * hour),
    })),
  });
  await producer.disconnect();
  const to = async (time: string) => {
    const { exitCode, stderr } = await job.kasper(
      ...['offsets', 'reset', job.name, '--to-time', time, '--topics', job.topic, '--partitions', '2'],
      ...['--execute', '--no-claims'],
    );
    t.deepEqual([exitCode, stderr], [0, '']);
    return job.committed(2);
  };
  t.is(await to(new Date(noon + 2 * hour).toISOString()), 1);
  t.is(await to(new Date(noon + 2 * hour + 1).toISOString()), 2);
  t.is(await to(String(noon + hour)), 0);
  t.is(await to('2100-01-01T00:00+02:00'), 3);
});

testOnEach('what cannot be set is refused, with all that is wrong', async (t, cluster) => {
  const job = await adminJob(t, cluster);
  await job.commit(0, 4);
  await job.commit(1, 4);
  const refused = async (...argv: string[]) => {
    const { exitCode, stdout, stderr } = await job.kasper('offsets', 'reset', ...argv, '--execute');
    t.deepEqual([exitCode, stdout], [2, '']);
    return stderr;
  };
  t.is(
    await refused(job.name, '--to-offset', '11'),
    `error: Offsets of group ${GROUP}: 2 problems:
  - offset 11 of in-xxxxxxxxxxxx/0 is not in the log, which holds 0 to 10
  - offset 11 of in-xxxxxxxxxxxx/1 is not in the log, which holds 0 to 5
`,
  );
  t.is(
    await refused(job.name, '--to-offset', '7'),
    `error: Offsets of group ${GROUP}: offset 7 of in-xxxxxxxxxxxx/1 is not in the log, which holds 0 to 5\n`,
  );
  t.is(
    await refused(job.name, '--shift-by', '+1', '--partitions', '2'),
    `error: Offsets of group ${GROUP}: nothing is committed in these partitions that could be shifted; set an offset, a time or an end of the log\n`,
  );
  t.is(
    await refused('no-such-job', '--to-latest'),
    'error: Group kasper-topic-processor-no-such-job: it has committed no offsets, or they have expired: check the name, or name topics to look at\n',
  );
  t.is(
    await refused('--group', `${job.groupId}-claims`, '--to-latest'),
    `error: Offsets of group ${GROUP}-claims: these are the claims of a job, which only its processors may write\n`,
  );
  t.deepEqual([await job.committed(0), await job.committed(1)], [4, 4]);
});

testOnEach('reset --json is one document, also for a dry run', async (t, cluster) => {
  const job = await adminJob(t, cluster);
  await job.commit(0, 4);
  for (const executed of [false, true]) {
    const { stdout, stderr } = await job.kasper(
      ...['offsets', 'reset', job.name, '--shift-by=100', '--json', ...(executed ? ['--execute'] : [])],
    );
    t.is(stderr, '');
    t.deepEqual(JSON.parse(stdout), {
      group: GROUP,
      executed,
      partitions: [
        {
          topic: 'in-xxxxxxxxxxxx',
          partition: 0,
          fromOffset: 4,
          toOffset: 10,
          startOffset: 0,
          endOffset: 10,
          again: 0,
          skipped: 6,
          clamped: true,
        },
      ],
      withoutCommit: [
        { topic: 'in-xxxxxxxxxxxx', partition: 1 },
        { topic: 'in-xxxxxxxxxxxx', partition: 2 },
      ],
      gone: [],
      unclaimed: [{ topic: 'in-xxxxxxxxxxxx', partition: 0 }],
      running: [],
      silent: [],
      members: [],
    });
  }
});

test('claims that may not be read are no leave to go on: --no-claims is', async (t) => {
  const cluster = await startEmbedded(t);
  const job = await adminJob(t, {
    kind: 'embedded',
    brokers: cluster.brokers,
    createTopic: async (name, partitions) => {
      cluster.createTopic(name, { partitions });
    },
  });
  await job.commit(0, 4);
  const reset = ['offsets', 'reset', job.name, '--to-earliest', '--execute'] as const;
  const fault = cluster.faults.fail({ api: 'OffsetFetch', code: 30 });
  t.deepEqual(await job.kasper(...reset), {
    exitCode: 6,
    stdout: '',
    stderr:
      `error: It cannot be known whether a processor runs, since access to its claims is denied: OffsetFetch of group ${GROUP}-claims was answered with error 30 GROUP_AUTHORIZATION_FAILED; check the access control lists of this user. ` +
      'Grant access to that group, or make sure that none runs and give --no-claims.\n',
  });
  t.is(fault.hits, 1);
  t.is(await job.committed(0), 4);
  t.like(await job.kasper(...reset, '--no-claims'), { exitCode: 0, stderr: '' });
  t.is(await job.committed(0), 0);
});

test('Ctrl-C while an owner is watched leaves everything as it is', async (t) => {
  const cluster = await startEmbedded(t);
  const job = await adminJob(t, {
    kind: 'embedded',
    brokers: cluster.brokers,
    createTopic: async (name, partitions) => {
      cluster.createTopic(name, { partitions });
    },
  });
  await job.commit(0, 4);
  const claim = {
    v: 1,
    owner: 'a',
    host: 'elsewhere',
    pid: 1,
    startedAt: 'then',
    anchor: { topic: job.topic, partition: 0 },
  };
  await job.client
    .group(`${job.groupId}-claims`)
    .commit([
      { topic: job.topic, partition: 0, offset: 1, leaderEpoch: -1, metadata: JSON.stringify(claim) },
    ]);
  const child = startChild(t, 'source/cli/bin', [
    ...['offsets', 'reset', job.name, '--to-earliest', '--execute', '--brokers', job.brokers],
  ]);
  await child.until('stderr', /Watching for up to 15 s whether the owner still runs: pid 1 on elsewhere\n/);
  child.kill('SIGINT');
  t.deepEqual(await child.exited, { code: 1, signal: null });
  t.regex(
    child.stderr,
    /\nStopping\n(Still stopping.*\n)?error: The reset was stopped before anything was changed\n$/,
  );
  t.is(child.stdout, '');
  t.is(await job.committed(0), 4);
});
