import type { MetricsProvider } from '../../metrics/metrics.ts';
import { partitioners, type Partitioner } from '../kafka/partitioner.ts';
import { systemClock, type Clock } from '../kernel/clock.ts';
import { hasMethods, isObject } from '../kernel/is-object.ts';
import { silentLogger, type Logger } from '../kernel/logger.ts';
import { show } from '../kernel/shown-value.ts';
import { topicNameProblem } from '../kernel/topic-name.ts';
import { unknownName } from '../kernel/unknown-name.ts';
import type { Middleware } from '../middleware/middleware.ts';
import { metadataProblem, type CommitMetadata } from './commit-metadata.ts';
import { CLAIMS_SUFFIX } from './group-names.ts';
import { optionNames } from './options.ts';

// Each returns the value of one option, or its default. What is wrong with it is added to the
// problems, and with any of them no Config is made.

/** A name of a job, or of one of its instances. */
const NAME = /^[A-Za-z0-9._-]{1,200}$/;
const NAME_FORM = '1 to 200 letters, digits, dots, dashes or underscores';
const HIGHEST_PARTITION = 0x7fff_ffff;

/** Checks `topicProcessorName`. */
export function checkName(value: unknown, problems: string[]): string {
  if (typeof value !== 'string' || !NAME.test(value)) {
    problems.push(`topicProcessorName must be ${NAME_FORM}, not ${show(value)}`);
    return '';
  }
  if (value.endsWith(CLAIMS_SUFFIX)) {
    problems.push(
      `topicProcessorName must not end with '${CLAIMS_SUFFIX}', as ${show(value)} does: its offsets would be taken for the claims of another job`,
    );
  }
  return value;
}

/** Checks `instanceId`. */
export function checkInstanceId(value: unknown, problems: string[]): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && NAME.test(value)) return value;
  problems.push(`instanceId must be ${NAME_FORM}, not ${show(value)}`);
  return undefined;
}

/** Checks `client`, whose parts are checked when it is opened. */
export function checkClient(value: unknown, problems: string[]): void {
  if (isObject(value)) return;
  problems.push(
    `client must be a kafkajs Kafka or its options, such as { brokers: ['localhost:9092'] }, not ${show(value)}`,
  );
}

/** Checks `inputTopics`. */
export function checkTopics(value: unknown, problems: string[]): readonly string[] {
  if (!Array.isArray(value) || value.length === 0) {
    problems.push(`inputTopics must be a list of at least one topic name, not ${show(value)}`);
    return [];
  }
  const topics: readonly unknown[] = value;
  const seen = new Set<unknown>();
  for (const topic of topics) {
    const problem = topicNameProblem(topic);
    if (problem !== undefined) problems.push(`inputTopics: ${problem}`);
    else if (seen.has(topic)) problems.push(`inputTopics: ${show(topic)} is listed twice`);
    seen.add(topic);
  }
  return Object.freeze(topics.filter((topic) => typeof topic === 'string'));
}

/** Checks `inputPartitions`. */
export function checkPartitions(value: unknown, problems: string[]): readonly number[] {
  if (!Array.isArray(value) || value.length === 0) {
    problems.push(`inputPartitions must be a list of at least one partition number, not ${show(value)}`);
    return [];
  }
  const partitions: readonly unknown[] = value;
  const seen = new Set<unknown>();
  for (const partition of partitions) {
    if (!isPartition(partition)) {
      problems.push(`inputPartitions: ${show(partition)} is not a partition number (0, 1, 2, …)`);
    } else if (seen.has(partition)) problems.push(`inputPartitions: ${partition} is listed twice`);
    seen.add(partition);
  }
  return Object.freeze(partitions.filter((partition) => typeof partition === 'number'));
}

function isPartition(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= HIGHEST_PARTITION;
}

/** Checks `partitioner`. */
export function checkPartitioner(value: unknown, problems: string[]): Partitioner {
  if (value === undefined) return partitioners.murmur2;
  if (typeof value === 'function') return value as Partitioner;
  if (value === 'murmur2' || value === 'fnv1a') return partitioners[value];
  problems.push(
    `partitioner must be 'murmur2', 'fnv1a' or a function (key, partitionCount, topic) => number, not ${show(value)}`,
  );
  return partitioners.murmur2;
}

/** Checks `commitMetadata`. */
export function checkCommitMetadata(value: unknown, problems: string[]): CommitMetadata {
  if (value === undefined) return '';
  if (typeof value === 'function') return value as CommitMetadata;
  if (typeof value !== 'string') {
    problems.push(`commitMetadata must be a string or a function, not ${show(value)}`);
    return '';
  }
  const problem = metadataProblem(value);
  if (problem !== undefined) problems.push(`commitMetadata ${problem}: ${show(value)}`);
  return value;
}

/** Checks `middleware`. */
export function checkMiddleware(value: unknown, problems: string[]): readonly Middleware[] {
  if (value === undefined) return Object.freeze([]);
  if (!Array.isArray(value)) {
    problems.push(`middleware must be a list of functions, not ${show(value)}`);
    return [];
  }
  const misfits = value.flatMap((item: unknown, at) =>
    typeof item === 'function' ? [] : [`middleware[${at}] must be a function, not ${show(item)}`],
  );
  problems.push(...misfits);
  return misfits.length > 0 ? [] : Object.freeze([...(value as Middleware[])]);
}

/** Checks `logger`. */
export function checkLogger(value: unknown, problems: string[]): Logger {
  const methods = ['debug', 'info', 'warn', 'error', 'child'] as const;
  return checkPort<Logger>(value, { name: 'logger', methods, fallback: silentLogger }, problems);
}

/** Checks `metrics`. */
export function checkMetrics(value: unknown, fallback: MetricsProvider, problems: string[]): MetricsProvider {
  const methods = ['newCounter', 'newGauge', 'newSummary', 'newHistogram'] as const;
  return checkPort<MetricsProvider>(value, { name: 'metrics', methods, fallback }, problems);
}

/** Checks `clock`. */
export function checkClock(value: unknown, problems: string[]): Clock {
  const methods = ['now', 'wallNow', 'after'] as const;
  return checkPort<Clock>(value, { name: 'clock', methods, fallback: systemClock }, problems);
}

interface PortCheck<Port extends object> {
  readonly name: string;
  readonly methods: readonly (keyof Port & string)[];
  readonly fallback: Port;
}

/** By its methods, since users bring objects of their own. */
function checkPort<Port extends object>(
  value: unknown,
  { name, methods, fallback }: PortCheck<Port>,
  problems: string[],
): Port {
  if (value === undefined) return fallback;
  if (isPort(value, methods)) return value;
  problems.push(`${name} must have the methods ${methods.join(', ')}; got ${show(value)}`);
  return fallback;
}

function isPort<Port>(value: unknown, methods: readonly (keyof Port & string)[]): value is Port {
  return isObject(value) && hasMethods(value, methods);
}

/** "unknown option 'batchSise'; did you mean 'batchSize'?" */
export function unknownOption(name: string, known: readonly string[] = optionNames): string {
  return unknownName('option', name, known);
}
