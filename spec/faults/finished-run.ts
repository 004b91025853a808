import type { KafkaClient } from '../../source/index.ts';
import type { CommitBooks } from './commit-books.ts';
import type { InputBooks } from './input-books.ts';
import type { OutputBooks } from './output-books.ts';
import type { PlayedFault } from './played-fault.ts';
import type { WorkerHistory } from './worker/worker-history.ts';
import type { OutputRecord, WorkloadJob } from './workload-job.ts';

/** All that is known of a run once its workers have stopped: what invariants look at. */
export interface FinishedRun {
  readonly workload: WorkloadJob;
  readonly seed: number;
  /** For keys, indices and prefixes, as in the workers. */
  readonly prefix: string;
  /** Kafka's name of a topic of the workload. */
  topic(name: string): string;
  /** How many brokers there are. */
  readonly nodes: number;
  /** Straight to the servers, past the proxies. */
  readonly client: KafkaClient;
  readonly groupId: string;
  readonly redisUrl: string | undefined;
  readonly elasticsearchUrl: string | undefined;
  /** What was written to the input and acked. */
  readonly input: InputBooks;
  /** What the group had committed, looked at all the time. */
  readonly commits: CommitBooks;
  /** Each worker that ran, in the order of their starts. */
  readonly workers: readonly WorkerHistory[];
  readonly faults: readonly PlayedFault[];
  /** Outputs by their origins, of all topics with the role; read when first asked for. */
  outputs(role: 'output' | 'dead-letter'): Promise<OutputBooks>;
  /** Reads a topic of the workload from its start to its end. */
  read(topic: string, onRecord: (record: OutputRecord) => void): Promise<void>;
}
