import { asError } from '../../source/kernel/as-error.ts';
import type { RedisArgument } from './redis-command-bytes.ts';
import { sendOne } from './redis-own-command.ts';

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

/**
 * Sends commands together. A single one is sent without a pipeline: making a pipeline takes longer
 * than a command of a hundred keys, and what it refers to is collected late. Not where the client
 * makes pipelines itself: it loses the name of what is sent by `callBuffer`, and ends the process
 * with a TypeError.
 */
export async function sendAll(client: RedisClient, commands: RedisCommand[]): Promise<readonly RedisReply[]> {
  const [only] = commands;
  const needsPipeline = commands.length > 1 || client.options.enableAutoPipelining === true;
  if (only === undefined || needsPipeline) return (await client.pipeline(commands).exec()) ?? [];
  try {
    return [[null, await sendOne(client, only)]];
  } catch (error) {
    return [[asError(error), undefined]];
  }
}
