import test, { type ExecutionContext } from 'ava';
import { startEmbedded } from '../../_helpers/servers/clusters.ts';
import { silentServer } from '../../_helpers/servers/silent-server.ts';
import { startChild } from '../child.ts';
import { folderWith } from '../job-file.ts';
import { kasper } from '../memory-io.ts';

/** How long a run waits for the first answer of a store; a signal must be quicker. */
const ANSWER_WITHIN_MS = 10_000;

const places: Readonly<Record<string, (port: number) => readonly string[]>> = {
  Redis: (port) => ['--store', 'redis', '--store-url', `redis://127.0.0.1:${port}`],
  'a Redis Cluster': (port) => [
    '--store',
    'redis',
    '--store-url',
    `redis://127.0.0.1:${port},redis://localhost:${port}`,
  ],
  Elasticsearch: (port) => ['--store', 'elasticsearch', '--store-url', `http://127.0.0.1:${port}`],
};

async function jobOn(t: ExecutionContext) {
  const { brokers } = await startEmbedded(t, { topics: { words: 2 } });
  const folder = await folderWith(
    t,
    'job.mjs',
    `export default {
      topicProcessorName: 'silent', inputTopics: ['words'], claims: false,
      stores: (stores) => ({ counts: stores.store('counts') }),
      processor: { process() {} },
    };`,
  );
  return { folder, brokers: brokers.join(',') };
}

for (const [place, flags] of Object.entries(places)) {
  test(`a start that waits for ${place} that says nothing ends at the first signal`, async (t) => {
    const { folder, brokers } = await jobOn(t);
    for (const more of [[], ['--workers', '2']]) {
      const { port, asked } = await silentServer(t);
      const argv = ['run', 'job.mjs', '--brokers', brokers, ...flags(port), ...more];
      const child = startChild(t, 'source/cli/bin', argv, { cwd: folder });
      await asked;
      const began = performance.now();
      child.kill('SIGTERM');
      t.deepEqual(await child.exited, { code: 0, signal: null });
      const tookMs = performance.now() - began;
      t.true(tookMs < ANSWER_WITHIN_MS / 2, `${tookMs} ms`);
      t.regex(child.stdout, /^silent: stopped after 0 records /);
    }
  });

  test(`lint does not wait forever for ${place} that says nothing`, async (t) => {
    const { folder, brokers } = await jobOn(t);
    const { port } = await silentServer(t);
    const { exitCode, stderr } = await kasper(['lint', 'job.mjs', '--brokers', brokers, ...flags(port)], {
      cwd: folder,
    });
    t.is(exitCode, 2);
    t.regex(stderr, /stores: (Redis|Elasticsearch) at .* could not be reached: .*Check --store-url/);
  });
}

test('a run gives up a Redis that says nothing, with what to check', async (t) => {
  const { folder, brokers } = await jobOn(t);
  const { port } = await silentServer(t);
  const argv = ['run', 'job.mjs', '--brokers', brokers, ...(places['Redis']?.(port) ?? [])];
  const { exitCode, stdout, stderr } = await kasper(argv, { cwd: folder });
  t.deepEqual({ exitCode, stdout }, { exitCode: 1, stdout: '' });
  t.regex(
    stderr,
    /Redis at redis:\/\/127\.0\.0\.1:\d+ could not be reached: TimeoutError: no answer for 10 s/,
  );
});
