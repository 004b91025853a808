import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { configSample } from '../../../source/cli/settings/config-sample.ts';
import { settings } from '../../../source/cli/settings/settings.ts';
import { folderWith } from '../job-file.ts';
import { kasper } from '../memory-io.ts';

async function deployment(t: ExecutionContext) {
  const folder = await folderWith(
    t,
    'job.mjs',
    `export default {
      topicProcessorName: 'a', inputTopics: ['lines'], batchSize: 500, batchWaitMs: 7, inputPartitions: [0, 1],
      client: { brokers: ['job:9092'], sasl: { mechanism: 'plain', username: 'ann', password: 'hidden' } },
      processor: { process() {} },
    };`,
  );
  await writeFile(
    join(folder, 'kasper.config.json'),
    '{ "batchSize": 10, "saslPassword": "hidden", "storeUrl": "redis://:hidden@one:1,redis://:hidden@two:2" }',
  );
  return { folder, env: { KASPER_PARTITIONS: '3-5' } };
}

test('config sample prints the sample in the form that was asked for', async (t) => {
  t.deepEqual(await kasper(['config', 'sample']), { exitCode: 0, stdout: configSample('json'), stderr: '' });
  t.deepEqual(await kasper(['config', 'sample', '--format', 'js']), {
    exitCode: 0,
    stdout: configSample('js'),
    stderr: '',
  });
});

test('config show prints what is set and where, without secrets', async (t) => {
  const { folder: cwd, env } = await deployment(t);
  t.deepEqual(await kasper(['config', 'show', '--log-level', 'warn'], { cwd, env }), {
    exitCode: 0,
    stdout:
      'partitions    3,4,5                        KASPER_PARTITIONS\n' +
      'logLevel      warn                         --log-level\n' +
      'saslPassword  ***                          kasper.config.json\n' +
      'storeUrl      redis://one:1,redis://two:2  kasper.config.json\n' +
      'batchSize     10                           kasper.config.json\n',
    stderr: '',
  });
});

test('config show with a job has the job below the other layers', async (t) => {
  const { folder: cwd, env } = await deployment(t);
  const { stdout, stderr, exitCode } = await kasper(['config', 'show', 'job.mjs', '--json'], { cwd, env });
  t.is(stderr, '');
  t.is(exitCode, 0);
  t.false(stdout.includes('hidden'));
  t.deepEqual(JSON.parse(stdout), {
    partitions: { value: [3, 4, 5], from: 'KASPER_PARTITIONS' },
    brokers: { value: ['job:9092'], from: 'job.mjs' },
    saslPassword: { value: '***', from: 'kasper.config.json' },
    storeUrl: { value: 'redis://one:1,redis://two:2', from: 'kasper.config.json' },
    batchSize: { value: 10, from: 'kasper.config.json' },
    batchWaitMs: { value: 7, from: 'job.mjs' },
  });
});

test('config show --all has the defaults, too', async (t) => {
  const { stdout } = await kasper(['config', 'show', '--all', '--json'], { cwd: '/' });
  const shown = JSON.parse(stdout) as Record<string, { value: unknown; from: string }>;
  for (const { name, default: fallback } of settings)
    t.deepEqual(shown[name], fallback === undefined ? undefined : { value: fallback, from: 'default' }, name);
  t.is(
    (await kasper(['config', 'show'], { cwd: '/' })).stdout,
    'Nothing is set: every setting has its default (--all shows them)\n',
  );
});
