import type { JobStores, Logger } from '../../index.ts';
import type { AnswerLimits } from './first-answer.ts';

/** Stores for a job, and the connection that they share. */
export interface OpenedStores extends JobStores, AsyncDisposable {
  /** Where they are, without secrets. */
  readonly what: string;
  /** What ends with the process: the stores in its memory that hold something. */
  held?(): readonly HeldStore[];
}

/** A store in the memory of the process. */
export interface HeldStore {
  readonly name: string;
  /** How many keys it has. */
  readonly keys: number;
}

/** What is known of the job that asks for stores, and for how long it waits for them. */
export interface StoreUser extends AnswerLimits {
  /** The prefix of all names, so that jobs never share a key. */
  readonly topicProcessorName: string;
  readonly logger: Logger;
}
