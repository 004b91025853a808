import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { EmbeddedCluster } from '../../source/embedded/index.ts';
import type { Clock } from '../../source/kernel/clock.ts';
import { startEmbedded } from '../_helpers/servers/embedded.ts';
import { RawClient } from '../_helpers/raw/raw-client.ts';
import { joinAnew, leave, sync } from '../_helpers/raw/raw-group.ts';
import { present } from '../_helpers/raw/present.ts';
import { commit } from '../_helpers/raw/raw-offsets.ts';

const minute = 60_000;
const groupId = 'group';

/** A clock whose hands a spec moves: timers that are due fire in order. */
class HandClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ at: number; fire: () => void }>();

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#now;
  }

  after(ms: number, fire: () => void): { cancel(): void } {
    const timer = { at: this.#now + ms, fire };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].sort((a, b) => a.at - b.at);
      if (next === undefined || next.at > end) break;
      this.#timers.delete(next);
      this.#now = next.at;
      next.fire();
    }
    this.#now = end;
  }
}

async function start(
  t: ExecutionContext,
): Promise<{ clock: HandClock; cluster: EmbeddedCluster; client: RawClient }> {
  const clock = new HandClock();
  const cluster = await startEmbedded(t, { clock, offsetsRetentionMs: minute, topics: { flights: 2 } });
  return { clock, cluster, client: await RawClient.open(t, present(cluster.brokers[0])) };
}

function partitionsOf(cluster: EmbeddedCluster): number[] {
  return cluster.committed(groupId).map(({ partition }) => partition);
}

test('offsets of a group that never had a member expire one by one, after their last commit', async (t) => {
  const { clock, cluster, client } = await start(t);
  await commit(client, { groupId }, 'flights', [
    [0, 1],
    [1, 1],
  ]);
  clock.advance(50_000);
  await commit(client, { groupId }, 'flights', [[1, 2]]);
  clock.advance(20_000);
  t.deepEqual(partitionsOf(cluster), [1]);
  clock.advance(50_000);
  t.deepEqual(partitionsOf(cluster), []);
});

test('offsets of a group that had a member expire together, also those just committed', async (t) => {
  const { clock, cluster, client } = await start(t);
  const member = await joinAnew(client, groupId);
  await sync(client, groupId, member);
  await commit(client, { groupId, ...member }, 'flights', [[0, 1]]);
  await leave(client, groupId, member);
  clock.advance(59_000);
  await commit(client, { groupId }, 'flights', [[1, 2]]);
  t.deepEqual(partitionsOf(cluster), [0, 1]);
  clock.advance(10_000);
  t.deepEqual(partitionsOf(cluster), []);

  await commit(client, { groupId }, 'flights', [[0, 3]]);
  clock.advance(50_000);
  await commit(client, { groupId }, 'flights', [[0, 4]]);
  clock.advance(50_000);
  t.deepEqual(partitionsOf(cluster), [0], 'it happens once: the group is a simple one now');
});

test('offsets of a group with members do not expire', async (t) => {
  const { clock, cluster, client } = await start(t);
  const member = await joinAnew(client, groupId, { sessionTimeoutMs: 30 * minute });
  await sync(client, groupId, member);
  await commit(client, { groupId, ...member }, 'flights', [[0, 1]]);
  clock.advance(20 * minute);
  t.deepEqual(partitionsOf(cluster), [0]);
});
