import { stripVTControlCharacters } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { openClient, silentLogger } from 'kasper-ts';
import { sendRecords } from '../../../scripts/examples/cluster.ts';
import { startEmbedded } from '../../_helpers/servers/clusters.ts';
import { folderWith } from '../job-file.ts';
import { kasper } from '../memory-io.ts';

const COLUMNS = 80;

/** A run of a job with 12 partitions to its end, on a terminal of 80 columns. */
async function runOnTerminal(t: ExecutionContext, ...flags: readonly string[]) {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { 'page-views': 12 } });
  const client = openClient({ brokers: cluster.brokers }, { logger: silentLogger });
  t.teardown(() => client.close());
  await client.connect();
  const values = Array.from({ length: 120 }, (_, at) => ({ value: `view ${at}` }));
  await sendRecords(client, 'page-views', values);
  const folder = await folderWith(
    t,
    'job.mjs',
    "export default { topicProcessorName: 'views', inputTopics: ['page-views'], claims: false, processor: { process() {} } };",
  );
  const argv = ['run', 'job.mjs', '--to-end', '--brokers', cluster.brokers.join(','), ...flags];
  return kasper(argv, { cwd: folder, columns: COLUMNS });
}

function tooLong(text: string): readonly string[] {
  return text
    .split('\n')
    .flatMap((line) => line.split('\r'))
    .map((line) => stripVTControlCharacters(line))
    .filter((line) => line.length > COLUMNS);
}

test('on a terminal, log lines and the summary are broken between words, and nothing is lost', async (t) => {
  const { exitCode, stdout, stderr } = await runOnTerminal(t);
  t.is(exitCode, 0);
  t.deepEqual(tooLong(stderr), []);
  t.deepEqual(tooLong(stdout), []);
  const [start = ''] = stderr.split(/\n(?=\d{4}-)/);
  t.regex(
    start.replaceAll(/\n {2}/g, ' '),
    /^\S+ info {2}Run starts topicProcessor=views group=kasper-topic-processor-views topics=page-views partitions=0-11 until=end .* version=\S+ node=\S+$/,
  );
  t.regex(
    stdout.replaceAll(/\n {2}/g, ' '),
    /^views: 120 records in 12 batches in .*, page-views\/11 \d+\n$/,
  );
});

test('JSON is never broken', async (t) => {
  const { stdout, stderr } = await runOnTerminal(t, '--json');
  t.is((JSON.parse(stdout) as { records: number }).records, 120);
  for (const line of stderr.trim().split('\n')) t.notThrows(() => JSON.parse(line) as unknown, line);
});
