import type { BackendCall } from '../backend/backend-call.ts';
import type { RedisClient, RedisReply } from './redis-client.ts';
import { keyedCommandBytes, wholeArguments, type RedisArgument } from './redis-command-bytes.ts';
import {
  isOk,
  MOST_COMMAND_BYTES,
  MOST_COMMAND_KEYS,
  settleRead,
  settleWrite,
  type RedisPlace,
} from './redis-commands.ts';

/** A command for all keys of a call, whose arguments are not made unless somebody asks for them. */
export interface ColumnCommand {
  readonly method: 'call' | 'callBuffer';
  readonly name: string;
  /** As ioredis has them. */
  readonly args: () => RedisArgument[];
  /** What is sent. */
  readonly bytes: () => Buffer;
}

/**
 * Whether one command has all keys of a call, so that one reply settles all of them: MGET or MSET to
 * a single server. What fails is settled key by key all the same.
 */
export function isOneCommand({ slots }: RedisClient, { keys }: BackendCall<RedisPlace>): boolean {
  if (slots !== undefined || keys.length < 2 || keys.length > MOST_COMMAND_KEYS) return false;
  let bytes = 0;
  for (const value of keys.lists.values ?? []) bytes += value.length;
  return bytes <= MOST_COMMAND_BYTES;
}

/** MGET of all keys. */
export function readColumn({ keys }: BackendCall<RedisPlace>): ColumnCommand {
  return {
    method: 'callBuffer',
    name: 'mget',
    args: () => wholeArguments(keys),
    bytes: () => keyedCommandBytes('mget', keys),
  };
}

/** MSET of all keys and values. */
export function writeColumn({ keys }: BackendCall<RedisPlace>): ColumnCommand {
  return {
    method: 'call',
    name: 'mset',
    args: () => wholeArguments(keys),
    bytes: () => keyedCommandBytes('mset', keys),
  };
}

/** What the reply to MGET means. */
export function settleColumn(call: BackendCall<RedisPlace>, reply: RedisReply): void {
  const [error, values] = reply;
  if (error === null && Array.isArray(values) && values.length === call.keys.length && areBytes(values))
    call.keys.done(values);
  else settleRead(call, call.items, reply);
}

/** What the reply to MSET means. */
export function settleWritten(call: BackendCall<RedisPlace>, reply: RedisReply): void {
  if (reply[0] === null && isOk(reply[1])) call.keys.done();
  else settleWrite(call, call.items, isOk)(reply);
}

/** Whether these are values. Then each null becomes undefined, in its place. */
function areBytes(values: unknown[]): values is (Buffer | undefined)[] {
  for (const value of values) if (value !== null && !Buffer.isBuffer(value)) return false;
  for (let at = 0; at < values.length; at++) if (values[at] === null) values[at] = undefined;
  return true;
}
