import type { BackendCall } from '../backend/backend-call.ts';
import type { RedisClient } from './redis-client.ts';
import {
  cut,
  isCount,
  isOk,
  redisKey,
  settleWrite,
  valueOf,
  type KeyedCommand,
  type RedisItem,
  type RedisPlace,
} from './redis-commands.ts';
import type { OneSlot } from './redis-slots.ts';

/** Longer than anything is on its way. */
const KEPT_MS = 7 * 24 * 60 * 60 * 1000;
/** No line has a number that is as high. */
const NOBODY = Number.MAX_SAFE_INTEGER;

/** What a script compares before it writes: for each owner of a line a key of the server. */
export interface FenceMarks {
  readonly keys: readonly string[];
  /** The number of the line: it may write where no key holds a higher one. */
  readonly number: number;
}

/** The key that says which lines of an owner may write. */
export function markOf(name: string): string {
  return name.replace(/^kasper:/, 'kasper-fence:');
}

/**
 * Nothing is written any more on the lines of former owners, nor on those of owners before a number.
 *
 * @throws a ReplyError if the server does not allow it; other errors where it cannot be reached
 */
export async function mark(
  client: RedisClient,
  {
    former,
    own,
    number,
  }: { readonly former: readonly string[]; readonly own: readonly string[]; readonly number: number },
): Promise<void> {
  for (const key of former) await client.call('set', [key, NOBODY, 'PX', KEPT_MS]);
  for (const key of own) await client.call('set', [key, number, 'PX', KEPT_MS]);
}

/** KEYS: marks, then keys. ARGV: how many marks, the number of the line, ttlMs, then values. */
const script = `
local marks = tonumber(ARGV[1])
for i = 1, marks do
  if tonumber(redis.call('GET', KEYS[i]) or '0') > tonumber(ARGV[2]) then
    return redis.error_reply('FENCED a later owner has these partitions, or this call was given up')
  end
end
local removed = 0
for i = marks + 1, #KEYS do
  local value = ARGV[3 + i - marks]
  if value == nil then removed = removed + redis.call('DEL', KEYS[i])
  elseif ARGV[3] == '' then redis.call('SET', KEYS[i], value)
  else redis.call('SET', KEYS[i], value, 'PX', ARGV[3]) end
end
if #ARGV > 3 then return redis.status_reply('OK') end
return removed`;

/** EVAL of SET for each key, unless a later owner, or a later line, has marked itself. */
export function markedWriteCommands(
  call: BackendCall<RedisPlace>,
  items: OneSlot<RedisItem>,
  { marks, ttlMs }: { readonly marks: FenceMarks; readonly ttlMs: number | undefined },
): KeyedCommand[] {
  return cut(items).map((some) => ({
    command: ['call', 'eval', [...head(some, marks, ttlMs ?? ''), ...some.map(valueOf)]],
    onReply: settleWrite(call, some, isOk),
  }));
}

/** The same of DEL. */
export function markedRemoveCommands(
  call: BackendCall<RedisPlace>,
  items: OneSlot<RedisItem>,
  marks: FenceMarks,
): KeyedCommand[] {
  return [{ command: ['call', 'eval', head(items, marks, '')], onReply: settleWrite(call, items, isCount) }];
}

function head(
  items: readonly RedisItem[],
  { keys, number }: FenceMarks,
  ttlMs: number | '',
): (string | Buffer | number)[] {
  const names = items.map(redisKey);
  return [script, keys.length + names.length, ...keys, ...names, keys.length, number, ttlMs];
}
