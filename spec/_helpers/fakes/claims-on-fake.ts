import type { ExecutionContext } from 'ava';
import type { ProcessIdentity } from '../../../source/assignment/static/process-identity.ts';
import { parseClaim, type ClaimRecord } from '../../../source/assignment/static/claim-record.ts';
import { Claims } from '../../../source/assignment/static/claims.ts';
import type { ClaimsOptions } from '../../../source/assignment/static/claims-options.ts';
import type { KasperError } from '../../../source/kernel/errors.ts';
import { FakeClock } from '../../../source/testing/fake-clock.ts';
import { FakeKafka } from '../../../source/testing/fake-kafka/fake-kafka.ts';
import { LineLogger } from './processor-run.ts';
import type { TopicPartition } from '../../../source/kernel/topic-partition.ts';

export const CLAIMS_GROUP = 'kasper-topic-processor-spec-claims';

export const here: ProcessIdentity = { host: 'here', pid: 100, pidNamespace: 'pid:[1] boot' };

/** One process's claims, and what became of them. */
export interface Claimant {
  readonly claims: Claims;
  readonly clock: FakeClock;
  readonly log: LineLogger;
  /** What the owner has learned of its loss. */
  readonly failures: KasperError[];
  /** What `take` came to; undefined while it has not settled. */
  readonly taken: () => 'taken' | Error | undefined;
  /** Begins to take. */
  start(): Promise<void>;
  /** The processor closes: the waits of a start end. */
  abort(): void;
}

export interface ClaimantOptions extends Partial<ClaimsOptions> {
  /** Default: of its own. */
  readonly fakeClock?: FakeClock;
  readonly partitionNumbers?: readonly number[];
}

/** Claims on partitions of topic 'in'; closed without a release at the end of the test. */
export async function claimant(
  t: ExecutionContext,
  kafka: FakeKafka,
  { fakeClock, partitionNumbers = [0], ...options }: ClaimantOptions = {},
): Promise<Claimant> {
  const clock = fakeClock ?? new FakeClock(() => kafka.quiet());
  const log = new LineLogger();
  const failures: KasperError[] = [];
  const closing = new AbortController();
  const client = kafka.client();
  const topics = await client.describeTopics(['in']);
  const claims = new Claims({
    offsets: client.group(CLAIMS_GROUP),
    clock,
    logger: log,
    partitions: partitionNumbers.map((partition): TopicPartition => ({ topic: 'in', partition })),
    topics,
    process: here,
    isAlive: () => true,
    instanceId: undefined,
    claimTimeoutMs: 15_000,
    offsetRefreshMs: 60_000,
    retryTimeoutMs: 120_000,
    closing: closing.signal,
    owner: { lost: (_partitions, error) => failures.push(error) },
    ...options,
  });
  t.teardown(() => claims.close(0));
  let outcome: 'taken' | Error | undefined;
  return {
    claims,
    clock,
    log,
    failures,
    taken: () => outcome,
    start: async () => {
      void claims.take().then(
        () => (outcome = 'taken'),
        (error: unknown) => (outcome = error as Error),
      );
      await kafka.quiet();
    },
    abort: () => {
      closing.abort(new Error('closing'));
    },
  };
}

/** Claims that are past the settle wait. */
export async function ownerOf(
  t: ExecutionContext,
  kafka: FakeKafka,
  options: ClaimantOptions = {},
): Promise<Claimant> {
  const owner = await claimant(t, kafka, options);
  await owner.start();
  await owner.clock.advance(1_000);
  t.is(owner.claims.check(), undefined, 'it owns its partitions');
  return owner;
}

/** The entry as it is in the claims group. */
export function entryOf(
  kafka: FakeKafka,
  partition = 0,
): { beat: number | undefined; record: ClaimRecord | undefined } {
  const { offset, metadata } = kafka.committedOf(CLAIMS_GROUP, { topic: 'in', partition });
  return { beat: offset, record: parseClaim(metadata) };
}

/** Puts an owner there that never beats. */
export function leaveEntry(
  kafka: FakeKafka,
  record: Partial<ClaimRecord>,
  { partition = 0, beat = 7 }: { partition?: number; beat?: number } = {},
): void {
  const full: ClaimRecord = {
    v: 1,
    owner: 'them',
    host: 'there',
    pid: 4711,
    startedAt: '2024-01-01T00:00:00.000Z',
    anchor: { topic: 'in', partition },
    ...record,
  };
  kafka.setCommitted(CLAIMS_GROUP, 'in', partition, beat, JSON.stringify(full));
}

/** A Kafka with topic 'in'. */
export function kafkaWith(partitions = 1): FakeKafka {
  return new FakeKafka().createTopic('in', partitions);
}
