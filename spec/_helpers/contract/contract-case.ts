import type { ExecutionContext } from 'ava';

/** One behaviour of a Kafka broker that clients rely on. */
export interface ContractCase {
  /** A sentence that states the behaviour. */
  readonly title: string;
  readonly run: (t: ExecutionContext, brokers: readonly string[]) => Promise<void>;
}
