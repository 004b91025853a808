import { ErrorCodes } from '../../wire/error-codes.ts';
import { type BrokerError } from '../../../kernel/errors.ts';
import type {
  CommitResult,
  CommittedOffset,
  GroupDescription,
  GroupOffsets,
  OffsetToCommit,
} from '../../group-offsets.ts';
import type { PartitionOffset } from '../../log-position.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';
import { missingAnswer } from './ask-leaders.ts';
import { PartitionAnswers } from '../protocol/partition-answers.ts';
import { brokerError } from '../protocol/broker-errors.ts';
import { describeGroupRequest } from '../protocol/describe-groups.ts';
import { offsetCommitRequest } from '../protocol/offset-commit.ts';
import { offsetFetchRequest } from '../protocol/offset-fetch.ts';
import type { RawRequest } from '../connection/raw-call.ts';
import { retryLoop } from '../connection/retry-loop.ts';
import { wrapError } from '../connection/wrap-error.ts';
import { type TopicPartition, byTopicAndPartition } from '../../../kernel/topic-partition.ts';

/** After these another broker, or nobody yet, coordinates the group. */
const COORDINATOR_CODES = new Set<number>([
  ErrorCodes.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCodes.COORDINATOR_NOT_AVAILABLE,
  ErrorCodes.NOT_COORDINATOR,
]);

export interface GroupOffsetsOptions {
  readonly retryTimeoutMs: number;
  /** Aborted when the client or its part is closed. */
  readonly signal: AbortSignal;
}

/** Reads and commits offsets of a group without being a member of it. */
export class SimpleGroupOffsets implements GroupOffsets {
  readonly #connected: () => ClusterConnection;
  readonly #groupId: string;
  readonly #options: GroupOffsetsOptions;

  /**
   * @param connected gives the connection, which may come about after this object; throws while
   * there is none
   */
  constructor(connected: () => ClusterConnection, groupId: string, options: GroupOffsetsOptions) {
    this.#connected = connected;
    this.#groupId = groupId;
    this.#options = options;
  }

  async fetch(partitions: readonly TopicPartition[]): Promise<CommittedOffset[]> {
    const what = `OffsetFetch of group ${this.#groupId}`;
    const { retryTimeoutMs, signal } = this.#options;
    const { clock } = this.#connected();
    return retryLoop(clock, { timeoutMs: retryTimeoutMs, what, signal }, async () => {
      const answer = await this.#call(offsetFetchRequest(this.#groupId, partitions));
      this.#judge(answer.errorCode, what);
      const answers = new PartitionAnswers(answer.offsets);
      return partitions.map(({ topic, partition }) => {
        const of = `${what}, ${topic}/${partition}`;
        const found = answers.of({ topic, partition });
        if (found === undefined) throw missingAnswer(of);
        this.#judge(found.errorCode, of);
        const { offset, leaderEpoch, metadata } = found;
        return { topic, partition, offset: offset < 0 ? undefined : offset, leaderEpoch, metadata };
      });
    });
  }

  async fetchAll(): Promise<(CommittedOffset & PartitionOffset)[]> {
    const what = `OffsetFetch of group ${this.#groupId}`;
    const { retryTimeoutMs, signal } = this.#options;
    const { clock } = this.#connected();
    return retryLoop(clock, { timeoutMs: retryTimeoutMs, what, signal }, async () => {
      const answer = await this.#call(offsetFetchRequest(this.#groupId, null));
      this.#judge(answer.errorCode, what);
      for (const { topic, partition, errorCode } of answer.offsets)
        this.#judge(errorCode, `${what}, ${topic}/${partition}`);
      return answer.offsets
        .filter(({ offset }) => offset >= 0)
        .map(({ topic, partition, offset, leaderEpoch, metadata }) => ({
          topic,
          partition,
          offset,
          leaderEpoch,
          metadata,
        }))
        .sort(byTopicAndPartition);
    });
  }

  async describe(): Promise<GroupDescription> {
    const what = `DescribeGroups of group ${this.#groupId}`;
    const { retryTimeoutMs, signal } = this.#options;
    const { clock } = this.#connected();
    return retryLoop(clock, { timeoutMs: retryTimeoutMs, what, signal }, async () => {
      const answer = await this.#call(describeGroupRequest(this.#groupId));
      if (answer === undefined) throw missingAnswer(what);
      this.#judge(answer.errorCode, what);
      const { state, protocolType, members } = answer;
      return { state, protocolType, members };
    });
  }

  async commit(offsets: readonly OffsetToCommit[]): Promise<CommitResult[]> {
    const answer = await this.#call(offsetCommitRequest(this.#groupId, offsets));
    const answers = new PartitionAnswers(answer);
    return offsets.map(({ topic, partition, offset }) => {
      const what = `OffsetCommit of ${topic}/${partition} at ${offset} in group ${this.#groupId}`;
      const found = answers.of({ topic, partition });
      let error: BrokerError | undefined;
      if (found === undefined) error = missingAnswer(what);
      else if (found.errorCode !== ErrorCodes.NONE) error = brokerError(found.errorCode, what);
      if (error !== undefined && COORDINATOR_CODES.has(error.brokerCode))
        this.#connected().forgetCoordinator(this.#groupId);
      return { topic, partition, offset, error };
    });
  }

  #judge(errorCode: number, what: string): void {
    if (errorCode === ErrorCodes.NONE) return;
    if (COORDINATOR_CODES.has(errorCode)) this.#connected().forgetCoordinator(this.#groupId);
    throw brokerError(errorCode, what);
  }

  /**
   * One request to the coordinator. After any failure it is looked up again: it may have moved, and
   * that broker is suspect.
   */
  async #call<Answer>(request: RawRequest<Answer>): Promise<Answer> {
    const cluster = this.#connected();
    const { requestMs } = cluster.deadlines;
    try {
      const nodeId = await cluster.coordinatorOf(this.#groupId, requestMs);
      return await cluster.call(nodeId, request, requestMs);
    } catch (thrown) {
      cluster.forgetCoordinator(this.#groupId);
      throw wrapError(thrown, `${request.apiName} of group ${this.#groupId}`);
    }
  }
}
