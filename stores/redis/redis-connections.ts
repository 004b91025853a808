import type { RedisClient } from './redis-client.ts';
import { isReply } from './redis-line.ts';

/**
 * Closes the connections with one of these names to a server, but not the one that asks. What the
 * server has not carried out of what came on them is lost with them, and what still comes is
 * refused (RST).
 *
 * @returns how many
 * @throws a ReplyError if the server does not allow it; other errors where it cannot be reached
 * @see https://redis.io/docs/latest/commands/client-list/
 * @see https://redis.io/docs/latest/commands/client-kill/
 */
export async function closeConnections(node: RedisClient, names: ReadonlySet<string>): Promise<number> {
  const own = Number(await node.call('client', ['ID']));
  // To learn whether it is allowed, also where nothing is to be closed: no connection closes itself.
  await node.call('client', ['KILL', 'ID', own, 'SKIPME', 'yes']);
  const list = String(await node.call('client', names.size === 0 ? ['LIST', 'ID', own] : ['LIST']));
  let closed = 0;
  for (const line of list.split('\n')) {
    const id = Number(/(?:^| )id=(\d+)/.exec(line)?.[1]);
    const name = /(?: )name=(\S*)/.exec(line)?.[1] ?? '';
    if (!Number.isSafeInteger(id) || id === own) continue;
    if (!name.split('+').some((part) => names.has(part))) continue;
    try {
      await node.call('client', ['KILL', 'ID', id, 'SKIPME', 'yes']);
      closed++;
    } catch (error) {
      // In old versions, one that has gone by itself meanwhile.
      if (!isReply(error) || !error.message.includes('No such client')) throw error;
    }
  }
  return closed;
}
