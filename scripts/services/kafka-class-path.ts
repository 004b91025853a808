import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { cacheFolder, servicesSource } from './folders.ts';
import { requirePrograms, run } from './programs.ts';

/** The release that specs and compose.yaml use. */
export const kafkaVersion = '4.1.1';

/** Kafka releases that can be started: the present one, and the last of the 3 series. */
export type KafkaVersion = typeof kafkaVersion | '3.9.1';

/**
 * The folder with the jars of Kafka and its tools, fetched by Maven the first time (54 MB, 13 s).
 *
 * @throws MissingServiceError without java, or without mvn while the jars are not there yet
 */
export function kafkaClassPath(version: KafkaVersion = kafkaVersion): Promise<string> {
  return fetchedJars(version, 'kafka-pom.xml', 'libs');
}

/**
 * The folder with the jar of Kafka Streams (2 MB), which runs beside those of
 * {@link kafkaClassPath}; without RocksDB, so that stores are to be in memory.
 *
 * @throws MissingServiceError without java, or without mvn while the jar is not there yet
 */
export function kafkaStreamsClassPath(): Promise<string> {
  return fetchedJars(kafkaVersion, 'kafka-streams-pom.xml', 'streams');
}

/** The jars that a Maven project depends on, in a folder of the cache. */
async function fetchedJars(version: KafkaVersion, project: string, name: string): Promise<string> {
  const parent = cacheFolder(`kafka-${version}`);
  const jars = join(parent, name);
  if (existsSync(jars)) {
    requirePrograms(`Kafka ${version}`, ['java']);
    return jars;
  }
  const { mvn } = requirePrograms(`Kafka ${version}`, ['java', 'mvn']);
  const folder = await mkdtemp(join(parent, 'download-'));
  await run(
    mvn,
    [
      '--batch-mode',
      '--quiet',
      `--file=${join(servicesSource, project)}`,
      `-Dkafka.version=${version}`,
      `-DoutputDirectory=${folder}`,
      'dependency:copy-dependencies',
    ],
    { timeoutMs: 300_000 },
  );
  // Renamed when complete: a download that was cut short is never taken for a class path.
  await rename(folder, jars).catch(async (error: unknown) => {
    if (!existsSync(jars)) throw error;
    await rm(folder, { recursive: true });
  });
  return jars;
}

/**
 * The arguments of `java` that every Kafka program of ours gets, up to the name of its class.
 *
 * @param libs a folder with jars, or several
 */
export function javaArguments(libs: string | readonly string[], maxHeapMb: number): string[] {
  const folders = typeof libs === 'string' ? [libs] : libs;
  return [
    '-Xms64m',
    `-Xmx${maxHeapMb}m`,
    '-XX:+UseSerialGC',
    '-XX:ActiveProcessorCount=2',
    '-Djava.awt.headless=true',
    `-Dlog4j2.configurationFile=${join(servicesSource, 'kafka-log4j2.properties')}`,
    '-cp',
    folders.map((folder) => join(folder, '*')).join(delimiter),
  ];
}
