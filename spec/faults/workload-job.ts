import type { Job, KafkaOptions, Logger } from '../../source/index.ts';
import type { Random } from '../_helpers/schedules/random.ts';

/**
 * The header that the generator adds to each record: the number of the record in its partition, from
 * 0, as decimal text. A partition's offsets are these numbers too, as long as its topic is not
 * recreated.
 */
export const numberHeader = 'n';

/** A job under test, and what it reads. */
export interface WorkloadJob {
  readonly name: string;
  /** Servers that it needs beside Kafka. */
  readonly services: readonly ServiceKind[];
  readonly topics: readonly WorkloadTopic[];
  /**
   * Record number `n` of an input partition. `random` is seeded with both, so that it is the same
   * whenever it is asked for.
   */
  record(random: Random, partition: number, n: number): GeneratedRecord;
  /** In the worker: what runs. Its name and its client are the worker's. */
  job(worker: WorkerContext): Job;
  /**
   * Of which input record an output is; undefined for one that is of none alone. Where a workload has
   * this, the invariants of all workloads (no loss, repeats, order) look at each output.
   */
  origin?(output: OutputRecord): Origin | undefined;
  /** Whether record `n` has outputs of its own. Default: each has at least one. */
  hasOutput?(record: GeneratedRecord): boolean;
  /** Each worker runs to the end of what is there and is started again. Default false. */
  readonly isBounded?: boolean;
  /** An invariant of it reads the input at the end, so that this must be there. Default false. */
  readonly readsInputAgain?: boolean;
  /** It takes so much of a machine that the gate leaves it out. Default false. */
  readonly isSlow?: boolean;
  /** Such as `--max-old-space-size=256`. */
  readonly nodeArguments?: readonly string[];
}

export type ServiceKind = 'redis' | 'elasticsearch';

/** A topic of a workload; in Kafka its name has the run's name before it. */
export interface WorkloadTopic {
  readonly role: 'input' | 'output' | 'dead-letter';
  readonly name: string;
  readonly partitions: number;
  /** Such as `{ 'max.message.bytes': '12000000' }`. */
  readonly config?: Readonly<Record<string, string>>;
}

/** A record of the input. */
export interface GeneratedRecord {
  readonly key: string | null;
  readonly value: Buffer | null;
  /** Names and values in turn; the generator adds {@link numberHeader}. */
  readonly headers?: readonly (string | Buffer | null)[];
  /** The kind of its fault, if it is a record that cannot be processed. */
  readonly poison?: string;
}

/** An input record, by its number. */
export interface Origin {
  readonly partition: number;
  readonly n: number;
}

/** A record that a job has written, as it was read back. */
export interface OutputRecord {
  /** The workload's name of the topic. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: number;
  /** In their order. */
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[];
  /** The last header of this name. */
  header(name: string): Buffer | undefined;
}

/** What a worker gives to the job that runs in it. */
export interface WorkerContext {
  /** `topicProcessorName` of the job, the same for all workers of a run. */
  readonly name: string;
  /** Which worker this is: another one after each start. */
  readonly incarnation: number;
  readonly seed: number;
  readonly logger: Logger;
  /** Kafka's name of a topic of the workload. */
  topic(name: string): string;
  /** Kafka, through the proxies. */
  readonly client: KafkaOptions;
  /** Through the proxy, if the workload asks for it. */
  readonly redisUrl: string | undefined;
  readonly elasticsearchUrl: string | undefined;
  /** For keys, indices and prefixes that no other run uses. */
  readonly prefix: string;
  /**
   * To be called amid a batch, when a part of it has been sent or written: here the worker may be
   * killed.
   */
  midway(): void;
}
