import type { Compression } from '../../source/index.ts';
import type { JobName } from './jobs/job-names.ts';

/** What one run of a contender is to do: its only argument, as JSON. */
export interface Task {
  readonly job: JobName;
  readonly brokers: readonly string[];
  /** The processor's name, new in each run. */
  readonly name: string;
  /** The consumer group in which offsets must be committed: that of a processor of this name. */
  readonly group: string;
  /** Topics to read, from the first record to the end that they have at the start. */
  readonly inputs: readonly string[];
  /** The topic to send to, for jobs that send. */
  readonly output: string;
  readonly partitions: number;
  /** Records in all inputs together. */
  readonly records: number;
  /** Most records in a batch. */
  readonly batch: number;
  readonly compression: Compression;
  /** Of each record. */
  readonly valueBytes: number;
  /** Partitions that may wait for a server at the same time. */
  readonly concurrency: number;
  /** The port of the server of stores on 127.0.0.1; 0 for jobs without one. */
  readonly port: number;
  /** Settings of this contender that are being tried. */
  readonly settings: Settings;
}

/** Less than what a broker takes of a partition in one request, 1 MiB. */
const MOST_SEND_BYTES = 900_000;
/** Of a record, beyond its value. */
const OTHER_BYTES = 30;

/**
 * The setting `messagesPerSend`, or fewer where so many may be too large for one request, since they
 * may all be of one partition.
 */
export function messagesPerSend({ settings, valueBytes }: Pick<Task, 'settings' | 'valueBytes'>): number {
  const fitting = Math.max(1, Math.floor(MOST_SEND_BYTES / (valueBytes + OTHER_BYTES)));
  return Math.min(fitting, Number(settings['messagesPerSend']));
}

/** Settings of a contender, by their names in its own documentation. */
export type Settings = Readonly<Record<string, number | string>>;

/**
 * The task of this process.
 *
 * @throws Error without one
 */
export function givenTask(): Task {
  const text = process.argv[2];
  if (text === undefined) throw new Error('Usage: CONTENDER TASK, a task of scripts/bench/task.ts as JSON');
  return JSON.parse(text) as Task;
}
