import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
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
export async function kafkaClassPath(version: KafkaVersion = kafkaVersion): Promise<string> {
  const parent = cacheFolder(`kafka-${version}`);
  const libs = join(parent, 'libs');
  if (existsSync(libs)) {
    requirePrograms(`Kafka ${version}`, ['java']);
    return libs;
  }
  const { mvn } = requirePrograms(`Kafka ${version}`, ['java', 'mvn']);
  const folder = await mkdtemp(join(parent, 'download-'));
  await run(
    mvn,
    [
      '--batch-mode',
      '--quiet',
      `--file=${join(servicesSource, 'kafka-pom.xml')}`,
      `-Dkafka.version=${version}`,
      `-DoutputDirectory=${folder}`,
      'dependency:copy-dependencies',
    ],
    { timeoutMs: 300_000 },
  );
  // Renamed when complete: a download that was cut short is never taken for a class path.
  await rename(folder, libs).catch(async (error: unknown) => {
    if (!existsSync(libs)) throw error;
    await rm(folder, { recursive: true });
  });
  return libs;
}

/** The arguments of `java` that every Kafka program of ours gets, up to the name of its class. */
export function javaArguments(libs: string, maxHeapMb: number): string[] {
  return [
    '-Xms64m',
    `-Xmx${maxHeapMb}m`,
    '-XX:+UseSerialGC',
    '-XX:ActiveProcessorCount=2',
    '-Djava.awt.headless=true',
    `-Dlog4j2.configurationFile=${join(servicesSource, 'kafka-log4j2.properties')}`,
    '-cp',
    join(libs, '*'),
  ];
}
