import { afterTurning } from '../../kernel/after-turning.ts';
import { backoffMs } from '../../kernel/backoff.ts';
import { ClosedWhileWaiting } from '../../kernel/closed-while-waiting.ts';
import { sleep, type Clock } from '../../kernel/clock.ts';
import { keyOf, type TopicPartition } from '../../kernel/topic-partition.ts';
import { toClaimError, type ClaimEntries, type ClaimToWrite } from './claim-entries.ts';
import { writeSeen } from './claim-writes.ts';

/**
 * Marks the entries that are still an owner's as released, and no others, until that has worked.
 *
 * @throws ClosedWhileWaiting after `withinMs`; what the claims group's coordinator answered
 */
export async function releaseClaims(
  entries: ClaimEntries,
  { clock, withinMs, ...own }: OwnClaims & { readonly clock: Clock; readonly withinMs: number },
): Promise<void> {
  const giveUp = new AbortController();
  const timer = afterTurning(clock, withinMs, () => {
    giveUp.abort(new ClosedWhileWaiting(`The release took longer than ${withinMs} ms`));
  });
  const tooLate = new Promise<never>((_resolve, reject) => {
    giveUp.signal.addEventListener('abort', () => {
      reject(giveUp.signal.reason as Error);
    });
  });
  try {
    await Promise.race([release(entries, own, { clock, signal: giveUp.signal }), tooLate]);
  } finally {
    timer.cancel();
  }
}

/** What one owner has claimed. */
interface OwnClaims {
  readonly owner: string;
  readonly partitions: readonly TopicPartition[];
  /** Its entries, with their next beat. */
  readonly toWrite: () => readonly ClaimToWrite[];
}

async function release(
  entries: ClaimEntries,
  { owner, partitions, toWrite }: OwnClaims,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  await entries.written();
  for (let failures = 0; ;) {
    const seen = await entries.read(partitions);
    signal.throwIfAborted();
    const own = new Set(seen.entries.filter(({ record }) => record?.owner === owner).map(keyOf));
    if (own.size === 0) return;
    const released = toWrite()
      .filter((claim) => own.has(keyOf(claim)))
      .map((claim) => ({ ...claim, record: { ...claim.record, released: true as const } }));
    try {
      const { outcome } = await writeSeen(entries, entries.parts(released), { seen, owner });
      if (outcome === 'written') return;
    } catch (error) {
      if (!toClaimError(error).retriable) throw error;
      await sleep(clock, backoffMs({ initialMs: 50, maxMs: 1000 }, failures++), signal);
    }
  }
}
