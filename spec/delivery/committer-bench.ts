import { unguarded } from '../../source/assignment/ownership-guard.ts';
import type { ExecutionContext } from 'ava';
import type { CommitResult, GroupOffsets, OffsetToCommit } from '../../source/kafka/group-offsets.ts';
import { BrokerError, type CommitError, type KasperError } from '../../source/kernel/errors.ts';
import { OffsetCommitter, type OffsetCommitterOptions } from '../../source/delivery/offset-committer.ts';
import { FakeClock, turns } from '../../source/testing/fake-clock.ts';
import { LineLogger } from '../_helpers/fakes/processor-run.ts';

/** A commit request that waits for its answer. */
export interface Asked {
  readonly offsets: readonly OffsetToCommit[];
  /** `in/0 10` for each entry. */
  readonly text: string[];
  /** Answers; errors by `topic/partition`, all others are stored. */
  readonly answer: (errors?: Readonly<Record<string, KasperError>>) => Promise<void>;
  /** No answer was had. */
  reject(error: Error): Promise<void>;
}

interface Bench {
  readonly committer: OffsetCommitter;
  readonly clock: FakeClock;
  readonly asked: Asked[];
  readonly failures: CommitError[];
  readonly log: LineLogger;
  readonly offer: (
    offset: number,
    more?: { partition?: number; topic?: string; records?: number; onCommitted?: () => void },
  ) => void;
  readonly last: () => Asked;
}

export function bench(t: ExecutionContext, options: Partial<OffsetCommitterOptions> = {}): Bench {
  const clock = new FakeClock();
  const asked: Asked[] = [];
  const failures: CommitError[] = [];
  const log = new LineLogger();
  const offsets: GroupOffsets = {
    fetch: () => Promise.resolve([]),
    fetchAll: () => Promise.resolve([]),
    parts: (entries) => [entries],
    commit: (entries) =>
      new Promise<CommitResult[]>((resolve, reject) => {
        asked.push({
          offsets: entries,
          text: entries.map(({ topic, partition, offset }) => `${topic}/${partition} ${offset}`),
          answer: (errors = {}) => {
            resolve(
              entries.map(({ topic, partition, offset }) => ({
                topic,
                partition,
                offset,
                error: errors[`${topic}/${partition}`],
              })),
            );
            return turns(3);
          },
          reject: (error) => {
            reject(error);
            return turns(3);
          },
        });
      }),
  };
  const committer = new OffsetCommitter({
    offsets,
    guard: unguarded,
    clock,
    logger: log,
    commitTimeoutMs: 5000,
    offsetRefreshMs: 60_000,
    commitMetadata: '',
    reports: {
      refused: () => undefined,
      failed: (error) => failures.push(error as CommitError),
      onTrouble: () => undefined,
      onTroubleOver: () => undefined,
    },
    ...options,
  });
  t.teardown(() => {
    committer.close();
  });
  return {
    committer,
    clock,
    asked,
    failures,
    log,
    offer: (offset, { partition = 0, topic = 'in', records = 1, onCommitted } = {}) => {
      committer.offer({
        partition,
        positions: [{ topic, partition, offset, leaderEpoch: 4 }],
        records,
        ...(onCommitted === undefined ? {} : { onCommitted }),
      });
    },
    last: () => asked.at(-1) as Asked,
  };
}

export const moved = () =>
  new BrokerError('NOT_COORDINATOR', { brokerCode: 16, brokerError: 'NOT_COORDINATOR', retriable: true });

export const refused = () =>
  new BrokerError('GROUP_AUTHORIZATION_FAILED', {
    brokerCode: 30,
    brokerError: 'GROUP_AUTHORIZATION_FAILED',
    retriable: false,
  });
