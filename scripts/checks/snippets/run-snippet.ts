import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { EmbeddedCluster } from '../../../source/embedded/cluster.ts';
import { repositoryRoot } from '../../services/folders.ts';
import { run } from '../../services/programs.ts';
import type { Fault } from '../markdown/fault.ts';
import { runExpecting, strictArguments } from '../run-program.ts';
import type { ConsumerProject } from './consumer-project.ts';
import type { Snippet, SnippetSetting } from './snippet.ts';

/** The address in snippets, which is where `kasper broker` listens. */
const shownAddress = 'localhost:9092';
const timeoutMs = 60_000;
const ava = join(repositoryRoot, 'node_modules/ava/entrypoints/cli.mjs');

/**
 * Runs a snippet of a compiled project on an embedded cluster of its own. Its address is in KAFKA_BROKERS, and replaces the usual one in
 * the program. It must exit with code 0, or print what it is expected to.
 */
export async function runSnippet(project: ConsumerProject, snippet: Snippet): Promise<Fault[]> {
  const { path, block, setting } = snippet;
  const cluster = await EmbeddedCluster.start();
  try {
    await fill(cluster, setting);
    const [address = ''] = cluster.brokers;
    const program = project.programOf(snippet);
    await writeFile(program, (await readFile(program, 'utf8')).replaceAll(shownAddress, address));
    const options = { cwd: project.folder, env: { ...process.env, KAFKA_BROKERS: address }, timeoutMs };
    if (setting.expect !== undefined) await runExpecting({ ...options, program, expected: setting.expect });
    else if (block.code.includes("from 'ava'")) await run(process.execPath, [ava, program], options);
    else await run(process.execPath, [...strictArguments, program], options);
    return [];
  } catch (error) {
    const output = project.nameByPages(error instanceof Error ? error.message : String(error));
    return [{ path, line: block.line, message: output }];
  } finally {
    await cluster.close();
  }
}

async function fill(cluster: EmbeddedCluster, { topics = {}, records = [] }: SnippetSetting): Promise<void> {
  for (const [topic, partitions] of Object.entries(topics)) cluster.createTopic(topic, { partitions });
  if (records.length === 0) return;
  const producer = new Kafka({ brokers: cluster.brokers, logLevel: logLevel.ERROR }).producer();
  await producer.connect();
  try {
    for (const { topic, ...message } of records) await producer.send({ topic, messages: [message] });
  } finally {
    await producer.disconnect();
  }
}
