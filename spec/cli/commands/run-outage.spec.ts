import test from 'ava';
import { startEmbedded } from '../../_helpers/servers/clusters.ts';
import { startChild } from '../child.ts';
import { folderWith } from '../job-file.ts';

const JOB =
  "export default { topicProcessorName: 'a', inputTopics: ['lines'], processor: { process() {} } };";

test('a job of 300 partitions whose brokers went away ends with a page of text, not with one of each partition', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 3, topics: { lines: 300 } });
  const cwd = await folderWith(t, 'job.mjs', JOB);
  const limits = ['--retry-timeout-ms', '4000', '--commit-timeout-ms', '4000'];
  const argv = ['run', 'job.mjs', '--brokers', cluster.brokers.join(','), ...limits];
  const child = startChild(t, 'source/cli/bin', argv, { cwd });
  await child.until('stderr', /No committed offset; starting at 'earliest'/);
  await cluster.close();
  t.deepEqual(await child.exited, { code: 3, signal: null });
  const text = child.stdout + child.stderr;
  t.log(`${text.length} characters`);
  t.true(text.length < 20_000, `${text.length} characters`);
  t.true(Math.max(...text.split('\n').map((line) => line.length)) < 2_000);
  t.true((text.match(/also:/g) ?? []).length <= 3);
  t.regex(child.stderr, /\nerror: .*ECONNREFUSED/);
});
