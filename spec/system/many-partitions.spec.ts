import test from 'ava';
import { parseClaim } from '../../source/assignment/static/claim-record.ts';
import { systemJob, threeNodes, write } from '../_helpers/jobs/system-job.ts';
import { until } from '../_helpers/until.ts';

const PARTITIONS = 10_000;

test('one processor claims, starts, commits and releases 10,000 partitions', async (t) => {
  const { nodes, cluster } = await threeNodes(t);
  const job = await systemJob(t, cluster, {}, PARTITIONS);
  const processor = job.make({ offsetRefreshMs: 3_000, commitMetadata: ({ offset }) => `up to ${offset}` });
  const run = processor.runLoop();
  for (const partition of [0, 4_999, 9_999]) await write(cluster, job.topic, [`of ${partition}`], partition);
  await until(() => job.seen.length === 3, { deadlineMs: 60_000, what: 'three records' });
  t.deepEqual(job.seen.toSorted(), ['of 0', 'of 4999', 'of 9999']);
  const offsets = () => new Map(nodes.committed(job.groupId).map((entry) => [entry.partition, entry]));
  await until(() => [0, 4_999, 9_999].every((partition) => offsets().get(partition)?.offset === 1), {
    deadlineMs: 60_000,
    what: 'the commits',
  });
  t.is(offsets().size, PARTITIONS, 'start positions are committed too');
  t.is(offsets().get(7_000)?.metadata, 'up to 0');
  const claims = () => nodes.committed(`${job.groupId}-claims`);
  const beats = new Set(claims().map(({ offset }) => offset));
  await until(() => claims().every(({ offset }) => !beats.has(offset)), {
    deadlineMs: 60_000,
    what: 'all claims are refreshed',
  });
  await processor.close();
  await run;
  t.is(claims().length, PARTITIONS);
  t.true(claims().every(({ metadata }) => parseClaim(metadata)?.released === true));
  t.deepEqual(job.log.warnings(), []);
});
