import type { MessageProcessor, TopicProcessorOptions } from '../../../source/index.ts';
import type { InputShape } from '../input-records.ts';
import type { Sums } from '../measure.ts';
import type { Task } from '../task.ts';
import type { JobName } from './job-names.ts';

/** A job that contenders are measured at, and what its result must be. */
export interface Job {
  readonly name: JobName;
  /** What it does, for the tables. */
  readonly title: string;
  /** What is in the values of its inputs. */
  readonly value: 'text' | 'json';
  /** Its topics: 1, or 2 that are joined. */
  readonly inputs: 1 | 2;
  /** Partitions that may wait for a server at the same time. */
  readonly concurrency: number;
  /** The most records that a run of some seconds takes. Default: what the options say. */
  readonly mostRecords?: number;
  /** How many keys. Default: what the options say. */
  readonly mostKeys?: number;
  /** The sums that each contender must report. */
  expectedSums(inputs: readonly InputShape[]): Sums;
  /** What it sends, for jobs that send. */
  readonly output?: JobOutput;
  /** The server that it counts in, for jobs that have one. */
  readonly store?: JobStore;
  /** The job as a program of this project has it. */
  kasper(task: Task): KasperJob;
}

/** What a job sends to the topic of its task: at most one record for each of an input. */
export interface JobOutput {
  /** Which input, from 0 on. */
  readonly input: number;
  /** The partition for records of a key, by its index; undefined: they are not sent on. */
  partition(index: number, partitions: number): number | undefined;
  /** The value that is sent for a value. Default: that value. The key is always the same. */
  value?(value: Buffer): Buffer;
}

/** The output of a job that sends each record to the partition that it came from. */
export const samePartition: Pick<JobOutput, 'partition'> = {
  partition: (index, partitions) => index % partitions,
};

/** A server that a job keeps its state in. */
export interface JobStore {
  readonly server: 'redis' | 'elasticsearch';
  /** The sums of what is in the server after a run. */
  storedSums(task: Task, keys: number): Promise<Sums>;
  /** What {@link storedSums} must be. */
  expectedSums(inputs: readonly InputShape[]): Sums;
}

/** A job for a TopicProcessor. */
export interface KasperJob {
  readonly processor: MessageProcessor;
  /** Options beyond those of all jobs. */
  readonly options?: Partial<TopicProcessorOptions>;
  readonly sums?: () => Sums;
  /** Releases what it has opened. */
  readonly close?: () => void | Promise<void>;
}
