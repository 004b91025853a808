import type { BackendCall } from '../backend/backend-call.ts';
import type { FailureReason, Item } from '../backend/item.ts';
import type { RedisCommand, RedisReply } from './redis-client.ts';
import type { OneSlot } from './redis-slots.ts';

/**
 * A command holds at most this much, so that none exceeds what the server buffers of a query (1
 * GB).
 */
export const MOST_COMMAND_BYTES = 256 * 1024 * 1024;
export const MOST_COMMAND_KEYS = 100_000;

/** A key with the prefix of its tenant and store before it. */
export type RedisPlace = string;
/** A key of a call to Redis. */
export type RedisItem = Item<RedisPlace>;

/** A command for keys of one slot, and what its reply means. */
export interface KeyedCommand {
  readonly command: RedisCommand;
  readonly onReply: (reply: RedisReply) => void;
}

/** MGET; GET for a single key, which reports a key that holds something other than a string. */
export function readCommands(call: BackendCall<RedisPlace>, items: OneSlot<RedisItem>): KeyedCommand[] {
  const [first, ...others] = items;
  if (first !== undefined && others.length === 0)
    return [
      {
        command: ['callBuffer', 'get', [redisKey(first)]],
        onReply: ([error, value]) => {
          settleRead(call, items, [error, [value]]);
        },
      },
    ];
  return [
    {
      command: ['callBuffer', 'mget', items.map(redisKey)],
      onReply: (reply) => {
        settleRead(call, items, reply);
      },
    },
  ];
}

/** MSET, split where a command would be too large. */
export function writeCommands(call: BackendCall<RedisPlace>, items: OneSlot<RedisItem>): KeyedCommand[] {
  return cut(items).map((some) => ({
    command: ['call', 'mset', keysAndValues(some)],
    onReply: settleWrite(call, some, isOk),
  }));
}

/** SET with PX, one for each key. */
export function expiringWriteCommands(
  call: BackendCall<RedisPlace>,
  items: readonly RedisItem[],
  ttlMs: number,
): KeyedCommand[] {
  return items.map((item) => ({
    command: ['call', 'set', [redisKey(item), valueOf(item), 'PX', ttlMs]],
    onReply: settleWrite(call, [item], isOk),
  }));
}

/** DEL. */
export function removeCommands(call: BackendCall<RedisPlace>, items: OneSlot<RedisItem>): KeyedCommand[] {
  return [
    {
      command: ['call', 'del', items.map(redisKey)],
      onReply: settleWrite(call, items, isCount),
    },
  ];
}

export function redisKey({ place, key }: RedisItem): string {
  return place + key;
}

function keysAndValues(items: readonly RedisItem[]): (string | Buffer)[] {
  const args: (string | Buffer)[] = [];
  for (const item of items) args.push(redisKey(item), valueOf(item));
  return args;
}

/** An item that is to be written always has one. */
export function valueOf({ value }: RedisItem): Buffer {
  return value ?? Buffer.alloc(0);
}

export function isOk(result: unknown): boolean {
  return result === 'OK';
}

/** With the client's option `stringNumbers`, integers come as text. */
export function countOf(result: unknown): number | undefined {
  const count = typeof result === 'string' && /^\d+$/.test(result) ? Number(result) : result;
  return Number.isInteger(count) ? (count as number) : undefined;
}

export function isCount(result: unknown): boolean {
  return countOf(result) !== undefined;
}

export function settleRead(
  call: BackendCall<RedisPlace>,
  items: readonly RedisItem[],
  [error, result]: RedisReply,
): void {
  const values: readonly unknown[] = Array.isArray(result) ? result : [];
  const reason = error === null ? notBytes : call.reasonOf(error);
  let at = 0;
  for (const item of items) {
    const value = values[at++];
    if (error === null && Buffer.isBuffer(value)) call.done(item, value);
    else if (error === null && value === null) call.done(item);
    else call.fail(item, reason);
  }
}

const notBytes: FailureReason = {
  text: 'the client did not give the bytes of the reply: a reply transformer that the program has set (Command.setReplyTransformer) may have changed it',
  retriable: false,
};

export function settleWrite(
  call: BackendCall<RedisPlace>,
  items: readonly RedisItem[],
  isGood: (result: unknown) => boolean,
): KeyedCommand['onReply'] {
  return ([error, result]) => {
    const reason =
      error === null
        ? { text: `Redis answered ${String(result)}`, retriable: false, isUnknown: true }
        : call.reasonOf(error);
    for (const item of items) {
      if (error === null && isGood(result)) call.done(item);
      else call.fail(item, reason);
    }
  };
}

export function cut(items: readonly RedisItem[]): (readonly RedisItem[])[] {
  const parts: (readonly RedisItem[])[] = [];
  let from = 0;
  let bytes = 0;
  for (let at = 0; at < items.length; at++) {
    const size = items[at]?.value?.length ?? 0;
    if (at > from && (at - from === MOST_COMMAND_KEYS || bytes + size > MOST_COMMAND_BYTES)) {
      parts.push(items.slice(from, at));
      from = at;
      bytes = 0;
    }
    bytes += size;
  }
  parts.push(from === 0 ? items : items.slice(from));
  return parts;
}
