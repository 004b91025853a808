import type { RedisArgument } from './redis-command-bytes.ts';

/**
 * What the stores use of an ioredis client (5 or 6): a `Redis` or a `Cluster`. It is a type of our
 * own, so that the declarations compile without ioredis, and any of its versions fits.
 */
export interface RedisClient {
  /** One command. */
  call(command: string, args: (string | Buffer | number)[]): Promise<unknown>;
  /** One command, whose reply keeps strings as bytes. */
  callBuffer(command: string, args: (string | Buffer | number)[]): Promise<unknown>;
  /** Commands that are sent together; the replies come in their order. */
  pipeline(commands: RedisCommand[]): RedisBatch;
  /** The same between MULTI and EXEC. */
  multi(commands: RedisCommand[]): RedisBatch;
  readonly options: {
    readonly keyPrefix?: string | undefined;
    readonly host?: string | undefined;
    readonly port?: number | undefined;
    /** Then each command goes through a pipeline that the client makes. */
    readonly enableAutoPipelining?: boolean | undefined;
  };
  /** `end` once it never connects again. */
  readonly status?: string;
  /** Cluster only: which nodes serve each slot, the master first. Empty until it is connected. */
  readonly slots?: readonly (readonly string[] | undefined)[];
  /** Cluster only: the clients of its nodes. */
  nodes?(role: 'master'): RedisClient[];
}

/** Commands that are ready to be sent. */
export interface RedisBatch {
  /** Sends them. The reply to a command is its error, or null and its result. */
  exec(): Promise<[error: Error | null, result: unknown][] | null>;
}

/** The reply to one command of a batch. */
export type RedisReply = readonly [error: Error | null, result: unknown];

/**
 * The method that sends it, its name in lower case, and its arguments. `callBuffer` keeps strings in
 * the reply as bytes. The method of the command's own name is not used: a program may have put a
 * script in its place (the option `scripts`, `defineCommand`).
 */
export type RedisCommand = [method: 'call' | 'callBuffer', name: string, args: RedisArgument[]];
