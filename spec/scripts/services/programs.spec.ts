import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { repositoryRoot } from '../../../scripts/services/folders.ts';
import { debianInstall, run } from '../../../scripts/services/programs.ts';
import { runNode } from '../../_helpers/child-process.ts';
import { temporaryFolder } from '../../_helpers/temporary-folder.ts';

const modules = join(repositoryRoot, 'dist/scripts/services');

test('a service that cannot be had is an error that names all missing programs and their Debian packages', async (t) => {
  const folder = await temporaryFolder(t, {});
  const program = [
    `import { startKafka } from ${JSON.stringify(join(modules, 'kafka-server.js'))};`,
    'await startKafka().catch((error) => { console.log(JSON.stringify({ ...error, message: error.message })); });',
  ].join('\n');
  const { output } = await runNode(['--input-type=module', '--eval', program], {
    env: { PATH: folder, JAVA_HOME: '', XDG_CACHE_HOME: folder },
  });
  t.like(JSON.parse(output), {
    service: 'Kafka 4.1.1',
    missing: ['java', 'mvn'],
    message:
      'Kafka 4.1.1 cannot be started here: java and mvn not found. On Debian: apt-get install default-jre-headless maven; ' +
      'or start Docker, or the service itself (compose.yaml has the ports).',
  });
});

test('each Debian package is named once, also if it holds two of the programs', (t) => {
  t.is(debianInstall(['promtool', 'mvn', 'prometheus']), 'apt-get install prometheus maven');
});

test('the specs run without Kafka where it cannot be had, and say so; with REQUIRE_SERVICES=1 they fail', async (t) => {
  const folder = await temporaryFolder(t, { java: '#!/bin/sh\n' });
  await chmod(join(folder, 'java'), 0o755);
  const environment = {
    PATH: folder,
    JAVA_HOME: '',
    XDG_CACHE_HOME: folder,
    KASPER_KAFKA: '',
    KASPER_KAFKA_LIBS: '',
  };
  const args = [join(repositoryRoot, 'dist/scripts/test.js'), 'dist/spec/scripts/services/until.spec.js'];

  const lenient = await runNode(args, { env: { ...environment, REQUIRE_SERVICES: '' } });
  t.is(lenient.code, 0, lenient.output);
  t.regex(lenient.output, /^Specs that need a real Kafka are skipped\. .* mvn not found\. On Debian: /);
  const strict = await runNode(args, { env: { ...environment, REQUIRE_SERVICES: '1' } });
  t.is(strict.code, 1, strict.output);
  t.regex(strict.output, /^Kafka 4\.1\.1 cannot be started here: mvn not found\./);
});

test('a program that fails or takes too long is an error with its command and output', async (t) => {
  const node = process.execPath;
  await t.throwsAsync(run(node, ['-e', 'console.log("half"); process.exit(3)'], { timeoutMs: 20_000 }), {
    message: /process\.exit\(3\) failed \(3\):\nhalf/,
  });
  await t.throwsAsync(run(node, ['-e', 'setInterval(() => {}, 1000)'], { timeoutMs: 300 }), {
    message: /was ended after 300 ms/,
  });
  t.deepEqual(
    await run(node, ['-e', 'process.stdin.pipe(process.stdout)'], { timeoutMs: 20_000, input: 'x' }),
    {
      stdout: 'x',
      stderr: '',
    },
  );
});
