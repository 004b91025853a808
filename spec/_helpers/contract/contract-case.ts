import type { ExecutionContext } from 'ava';
import type { ContractStage } from './contract-stage.ts';

/** One behaviour of a Kafka broker that clients rely on, with assertions written by hand. */
export interface ContractCase {
  /** A sentence that states the behaviour. */
  readonly title: string;
  readonly run: (t: ExecutionContext, brokers: readonly string[]) => Promise<void>;
}

/**
 * One behaviour of a Kafka broker, played as a sequence of requests whose answers it notes. What
 * Apache Kafka answers is on record, and is what everybody must answer.
 */
export interface RecordedCase {
  /** A sentence that states the behaviour. */
  readonly title: string;
  readonly play: (stage: ContractStage) => Promise<void>;
}

/** Cases with their record, the file `recorded/NAME.json`. */
export interface RecordedCases {
  readonly name: string;
  readonly cases: readonly RecordedCase[];
}
