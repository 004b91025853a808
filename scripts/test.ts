import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from './services/folders.ts';
import { kafkaClassPath } from './services/kafka-class-path.ts';
import { MissingServiceError } from './services/missing-service.ts';
import { provideService, type ProvidedService } from './services/provide.ts';
import { shareServers } from './services/shared-servers.ts';

/** Sets of specs other than the usual one; ava.config.js says what is in them. */
const suites = ['long', 'three', 'newer'] as const;

let interrupted = false;

/**
 * Runs the specs with a real Kafka beside them, and an Elasticsearch once one asks for it:
 * `npm test -- [arguments of ava]`. With `--long` it runs those that take minutes instead, with
 * `--three` those that use the real Kafka, which has three brokers then, and with `--newer` those
 * that a newer Node.js may change.
 *
 * Specs find it by the environment: KASPER_KAFKA (host:port, separated by commas; one that is set
 * already is used as it is), KASPER_KAFKA_NODES (its brokers, which is also the number of replicas
 * of each topic) and KASPER_KAFKA_LIBS (the folder with the jars of Kafka's own tools);
 * KASPER_SHARED_SERVERS is where they ask for Elasticsearch. Where it cannot be had, one line says
 * why, and the specs that need it are skipped; with REQUIRE_SERVICES=1 that is a failure.
 * KASPER_TEST_REPORTER=tap has the results printed for programs.
 */
async function main(args: readonly string[]): Promise<number> {
  const started: Pick<ProvidedService, 'stop'>[] = [];
  const suite = suites.find((name) => args.includes(`--${name}`));
  const avaArgs = args.filter((arg) => arg !== `--${suite}`);
  try {
    const kafka = await provideKafka(started, suite === 'three' ? 3 : 1);
    const shared = await shareServers();
    started.push(shared);
    return await runAva(avaArgs, {
      ...process.env,
      ...kafka,
      KASPER_SHARED_SERVERS: shared.url,
      ...(suite && { KASPER_SPECS: suite }),
    });
  } finally {
    await Promise.all(started.map((service) => service.stop()));
  }
}

async function provideKafka(
  started: Pick<ProvidedService, 'stop'>[],
  nodes: 1 | 3,
): Promise<NodeJS.ProcessEnv> {
  try {
    const libs = await kafkaClassPath();
    const given = process.env['KASPER_KAFKA'];
    if (given !== undefined && given !== '')
      return { KASPER_KAFKA_NODES: String(nodes), KASPER_KAFKA_LIBS: libs };
    const kafka = await provideService(nodes === 1 ? 'kafka' : 'kafka3', {
      ports: 'free',
      lifetime: 'with-starter',
    });
    started.push(kafka);
    return {
      KASPER_KAFKA: kafka.addresses.join(','),
      KASPER_KAFKA_NODES: String(nodes),
      KASPER_KAFKA_LIBS: libs,
    };
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
  // Ctrl-C reaches ava too, from the terminal: here it must only not end us before the servers are
  // stopped.
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
