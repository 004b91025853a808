import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { BenchCluster } from '../../../scripts/bench/cluster.ts';
import { compare, comparedRows } from '../../../scripts/bench/comparison.ts';
import { kafkajs } from '../../../scripts/bench/contenders/kafkajs.ts';
import { kasper } from '../../../scripts/bench/contenders/kasper.ts';
import type { Contender } from '../../../scripts/bench/contenders/contender.ts';
import type { JobName } from '../../../scripts/bench/jobs/job-names.ts';
import { jobs } from '../../../scripts/bench/jobs/jobs.ts';
import { grounds } from '../../../scripts/bench/matrix.ts';
import { benchOptions } from '../../../scripts/bench/options.ts';
import { reportOf } from '../../../scripts/bench/report.ts';
import { WrongResultError } from '../../../scripts/bench/verify.ts';
import { startEmbedded } from '../../_helpers/servers/embedded.ts';
import { testWith } from '../../_helpers/servers/services.ts';

/** Runs contenders at a job on a cluster of the spec alone, and returns what the report says. */
async function bench(
  t: ExecutionContext,
  job: JobName,
  contenders: readonly Contender[],
  args: readonly string[] = [],
) {
  const { brokers } = await startEmbedded(t);
  const cluster = await BenchCluster.open(brokers);
  t.teardown(() => cluster.close());
  const options = benchOptions(['--records=3000', '--keys=100', '--batch=500', '--runs=1', ...args]);
  const ready = await Promise.all(
    contenders.map(async (contender) => ({ ...contender, prepared: await contender.prepare() })),
  );
  const errors: Error[] = [];
  const [ground = { valueBytes: 100, compression: 'none', partitions: 4 }] = grounds(options);
  const compared = { job: jobs[job], ground };
  const rows = comparedRows(compared, ready, options);
  const comparison = await compare(cluster, compared, rows, options, (_row, result) => {
    if (result instanceof Error) errors.push(result);
  });
  return { report: reportOf(comparison), errors };
}

/** This project with one mistake in its program. */
function contenderThat(mistake: string): Contender {
  return {
    ...kasper,
    settings: { mistake },
    prepare: async () => ({
      version: 'faulty',
      program: process.execPath,
      args: [join(import.meta.dirname, '../../_helpers/jobs/faulty-contender.js')],
    }),
  };
}

for (const job of ['consume', 'copy', 'forward', 'filter', 'count-map', 'json'] as const) {
  test.serial(
    `the results of this project and of kafkajs at ${job} are right, and are compared`,
    async (t) => {
      const { report, errors } = await bench(t, job, [kasper, kafkajs]);
      t.deepEqual(errors, []);
      const [own, peer] = report.rows;
      t.is(own?.contender, 'kasper-ts');
      t.is(own?.records, 3000);
      t.is(own?.batch, 500);
      t.is(peer?.batch, null);
      t.is(peer?.ratios['kafkajs'], 1);
      t.true((own?.ratios['kafkajs'] ?? 0) > 0);
      t.is(own?.runs[0]?.records, 3000);
    },
  );
}

for (const codec of ['gzip', 'lz4', 'zstd']) {
  test.serial(`records with ${codec} are read and sent by this project and by kafkajs`, async (t) => {
    const { errors } = await bench(t, 'copy', [kasper, kafkajs], [`--compression=${codec}`]);
    t.deepEqual(errors, []);
  });
}

test.serial('values of 10 kB are sent in parts that a broker takes', async (t) => {
  const { errors } = await bench(t, 'copy', [kafkajs], ['--value-bytes=10000', '--records=2000']);
  t.deepEqual(errors, []);
});

test.serial('two topics are joined, and both are counted and committed', async (t) => {
  const { report, errors } = await bench(t, 'join', [kasper, kafkajs]);
  t.deepEqual(errors, []);
  t.is(report.rows.length, 1, 'a contender without the job has no row');
  t.is(report.rows[0]?.runs[0]?.sums['left'], 1500);
});

for (const job of ['count-redis', 'tenants-redis'] as const) {
  testWith(
    ['redis-server'],
    `what ${job} leaves in Redis is compared`,
    async (t) => {
      t.deepEqual((await bench(t, job, [kasper, kafkajs])).errors, []);
      const { errors } = await bench(t, job, [contenderThat('drop')]);
      t.regex(
        errors[0]?.message ?? '',
        /^in redis: total: 2999, not 3000; in redis: weighted: \d+, not \d+$/,
      );
    },
    test.serial,
  );
}

for (const [mistake, job, expected] of [
  ['drop', 'copy', /^end of bench-out-\S+\/1: \d+, not \d+$/],
  ['repeat', 'copy', /^end of bench-out-\S+\/1: \d+, not \d+$/],
  ['drop', 'consume', /^bytes: 320893, not 321000$/],
  ['drop', 'count-map', /^total: 2999, not 3000; weighted: \d+, not \d+$/],
  ['replace', 'copy', /^checksum of keys and values in bench-out-\S+\/1: \d+, not \d+$/],
  ['alter', 'copy', /^checksum of keys and values in bench-out-\S+\/1: \d+, not \d+$/],
  ['commit', 'copy', /^committed offset of bench-in-\S+\/1: \d+, not \d+$/],
  ['count', 'copy', /^records: 2999, not 3000$/],
] as const) {
  test.serial(
    `a contender that makes a mistake (${mistake}) at ${job} has no figures, and the report says why`,
    async (t) => {
      const { report, errors } = await bench(t, job, [contenderThat(mistake)]);
      t.is(errors.length, 1);
      t.true(errors[0] instanceof WrongResultError);
      t.regex(errors[0]?.message ?? '', expected);
      const [row] = report.rows;
      t.deepEqual(row?.runs, []);
      t.is(row?.recordsPerSecond, undefined);
      t.deepEqual(row?.failures, [errors[0]?.message ?? '']);
    },
  );
}

test.serial('a contender that fails is reported with what it wrote', async (t) => {
  const { report } = await bench(t, 'copy', [contenderThat('fail')]);
  t.regex(report.rows[0]?.failures[0] ?? '', /faulty-contender\.js ended with 1[^]*failed on purpose/);
});

test.serial('a contender that takes longer than the limit is stopped', async (t) => {
  const { report } = await bench(t, 'copy', [contenderThat('hang')], ['--limit-seconds=1']);
  t.regex(report.rows[0]?.failures[0] ?? '', /faulty-contender\.js ended with SIGKILL/);
});
