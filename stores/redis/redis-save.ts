import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisClient } from './redis-client.ts';
import { infoOf } from './redis-info.ts';
import { sendAll } from './redis-send.ts';

const POLL_MS = 20;

/**
 * Makes a server save all its data to disk in a process of its own (BGSAVE), and waits until that
 * is done. If a save is already running, it is awaited first: it may lack the latest writes.
 *
 * @see https://redis.io/docs/latest/commands/bgsave/
 * @throws Error if the save failed, or the server refuses it
 */
export async function saveInBackground(client: RedisClient, signal: AbortSignal): Promise<void> {
  await untilIdle(client, signal);
  const [[refused] = [null]] = await sendAll(client, [['call', 'bgsave', []]]);
  if (refused !== null) {
    // Another save may have started after the check above: it includes everything that was written,
    // and is enough.
    const { isSaving } = await persistence(client);
    if (!isSaving) throw refused;
  }
  const { lastStatus } = await untilIdle(client, signal);
  if (lastStatus !== 'ok')
    throw new Error(
      `Redis could not save its data to disk (rdb_last_bgsave_status is ${lastStatus}): see its log`,
    );
}

async function untilIdle(client: RedisClient, signal: AbortSignal): Promise<Persistence> {
  for (;;) {
    const seen = await persistence(client);
    if (!seen.isSaving) return seen;
    await sleep(POLL_MS, undefined, { signal });
  }
}

interface Persistence {
  readonly isSaving: boolean;
  readonly lastStatus: string;
}

async function persistence(client: RedisClient): Promise<Persistence> {
  const [[error, info] = [null, '']] = await sendAll(client, [['call', 'info', ['persistence']]]);
  if (error !== null) throw error;
  const fields = infoOf(info);
  return {
    isSaving: fields.get('rdb_bgsave_in_progress') !== '0',
    lastStatus: fields.get('rdb_last_bgsave_status') ?? 'unknown',
  };
}
