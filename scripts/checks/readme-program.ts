import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { EmbeddedCluster } from '../../source/embedded/cluster.ts';
import { repositoryRoot } from '../services/folders.ts';
import { compile, installPacked, userTsconfig } from './packed-package.ts';
import { parseReadmeProgram, type ReadmeProgram } from './readme-program-block.ts';
import { runExpecting } from './run-program.ts';

/**
 * Type-checks the program of README.md in a project that has the packed package installed, and runs
 * it on an embedded cluster.
 */
async function main(tarball: string): Promise<void> {
  const program = parseReadmeProgram(await readFile(join(repositoryRoot, 'README.md'), 'utf8'));
  const folder = await mkdtemp(join(tmpdir(), 'kasper-readme-'));
  const cluster = await EmbeddedCluster.start();
  try {
    await fill(cluster, program);
    const [address = ''] = cluster.brokers;
    await installPacked(tarball, folder, {
      'package.json': JSON.stringify({ name: 'readme', private: true, type: 'module' }),
      'program.ts': program.code.replaceAll('localhost:9092', address),
      'tsconfig.json': userTsconfig('nodenext', ['program.ts']),
    });
    await compile(folder, 'tsconfig.json');
    const { expect: expected } = program.setting;
    await runExpecting({ program: join(folder, 'program.js'), cwd: folder, expected, timeoutMs: 60_000 });
  } finally {
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function fill(cluster: EmbeddedCluster, { setting }: ReadmeProgram): Promise<void> {
  for (const [topic, partitions] of Object.entries(setting.topics))
    cluster.createTopic(topic, { partitions });
  const producer = new Kafka({ brokers: cluster.brokers, logLevel: logLevel.ERROR }).producer();
  await producer.connect();
  try {
    for (const { topic, ...message } of setting.records ?? []) {
      await producer.send({ topic, messages: [message] });
    }
  } finally {
    await producer.disconnect();
  }
}

const [tarball] = process.argv.slice(2);
if (tarball === undefined) throw new Error('Usage: readme-program.js TARBALL');
await main(tarball);
