import type { JobStores, Logger } from '../../index.ts';

/** Stores for a job, and the connection that they share. */
export interface OpenedStores extends JobStores, AsyncDisposable {
  /** Where they are, without secrets. */
  readonly what: string;
}

/** What is known of the job that asks for stores. */
export interface StoreUser {
  /** The prefix of all names, so that jobs never share a key. */
  readonly topicProcessorName: string;
  readonly logger: Logger;
}
