/**
 * What the stores use of an ioredis client (5 or 6): a `Redis`, or a `Cluster`. A type of our own, so that ioredis need not be installed for the
 * declarations to compile, and any of its versions fits.
 */
export interface RedisClient {
  /** Commands that are sent together; the replies come in their order. */
  pipeline(commands: unknown[][]): RedisBatch;
  /** The same between MULTI and EXEC. */
  multi(commands: unknown[][]): RedisBatch;
  readonly options: {
    readonly keyPrefix?: string | undefined;
    readonly host?: string | undefined;
    readonly port?: number | undefined;
  };
  /** Cluster only: which nodes serve each slot, the master first. Empty until it is connected. */
  readonly slots?: readonly (readonly string[] | undefined)[];
  /** Cluster only: the clients of its nodes. */
  nodes?(role: 'master'): RedisClient[];
}

/** Commands to be sent. */
export interface RedisBatch {
  /** Sends them. The reply to a command is its error, or null and its result. */
  exec(): Promise<[error: Error | null, result: unknown][] | null>;
}

/** The reply to one command of a batch. */
export type RedisReply = readonly [error: Error | null, result: unknown];

/** Sends commands together. */
export async function sendAll(client: RedisClient, commands: unknown[][]): Promise<readonly RedisReply[]> {
  return (await client.pipeline(commands).exec()) ?? [];
}
