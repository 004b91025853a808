import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from './services/folders.ts';
import { kafkaClassPath } from './services/kafka-class-path.ts';
import { MissingServiceError } from './services/missing-service.ts';
import { provideService, type ProvidedService } from './services/provide.ts';

let interrupted = false;

/**
 * Runs the specs with a real Kafka beside them: `npm test -- [arguments of ava]`; with `--long`, those that take minutes instead.
 *
 * Specs find it by the environment: KASPER_KAFKA (host:port; one that is set already is used as it is) and KASPER_KAFKA_LIBS (the
 * folder with the jars of Kafka's own tools). Where it cannot be had, one line says why, and the specs that need it are skipped; with
 * REQUIRE_SERVICES=1 that is a failure. KASPER_TEST_REPORTER=tap has the results printed for programs.
 */
async function main(args: readonly string[]): Promise<number> {
  const started: ProvidedService[] = [];
  const specs = args.includes('--long') ? { KASPER_SPECS: 'long' } : {};
  const avaArgs = args.filter((arg) => arg !== '--long');
  try {
    return await runAva(avaArgs, { ...process.env, ...specs, ...(await provideKafka(started)) });
  } finally {
    await Promise.all(started.map((service) => service.stop()));
  }
}

async function provideKafka(started: ProvidedService[]): Promise<NodeJS.ProcessEnv> {
  try {
    const libs = await kafkaClassPath();
    const given = process.env['KASPER_KAFKA'];
    if (given !== undefined && given !== '') return { KASPER_KAFKA_LIBS: libs };
    const kafka = await provideService('kafka', { ports: 'free', lifetime: 'with-starter' });
    started.push(kafka);
    return { KASPER_KAFKA: kafka.addresses[0], KASPER_KAFKA_LIBS: libs };
  } catch (error) {
    if (!(error instanceof MissingServiceError) || process.env['REQUIRE_SERVICES'] === '1') throw error;
    console.log(`Specs that need a real Kafka are skipped. ${error.message}`);
    return {};
  }
}

function runAva(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const ava = join(repositoryRoot, 'node_modules/ava/entrypoints/cli.mjs');
  const reporter = process.env['KASPER_TEST_REPORTER'] === 'tap' ? ['--tap'] : [];
  const child = spawn(process.execPath, [ava, ...reporter, ...args], {
    cwd: repositoryRoot,
    env,
    stdio: 'inherit',
  });
  // Ctrl-C reaches ava too, from the terminal: here it must only not end us before the servers are stopped.
  process.on('SIGINT', () => {
    interrupted = true;
  });
  process.on('SIGTERM', () => {
    interrupted = true;
    child.kill('SIGTERM');
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      resolve(interrupted ? 130 : (code ?? 1));
    });
  });
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof MissingServiceError ? error.message : error);
  return 1;
});
