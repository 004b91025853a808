import { ErrorCodes } from '../../wire/error-codes.ts';
import { BrokerError, TimeoutError } from '../../../kernel/errors.ts';
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
import { CommitCut } from './commit-cut.ts';
import { inParts } from './in-parts.ts';
import { PartitionAnswers } from '../protocol/partition-answers.ts';
import { brokerError } from '../protocol/broker-errors.ts';
import { describeGroupRequest } from '../protocol/describe-groups.ts';
import { offsetCommitRequest } from '../protocol/offset-commit.ts';
import { offsetFetchRequest } from '../protocol/offset-fetch.ts';
import { askCoordinator, heedCode, judgeCode, type Coordinator } from '../connection/coordinator.ts';
import type { RawRequest } from '../connection/raw-call.ts';
import { retryLoop } from '../connection/retry-loop.ts';
import { wrapError } from '../connection/wrap-error.ts';
import { type TopicPartition, byTopicAndPartition } from '../../../kernel/topic-partition.ts';

/**
 * The answers to a request that is larger, as stored, than the offsets topic takes: Kafka 4 answers
 * with code -1, 3 with 28.
 */
const TOO_LARGE_CODES = new Set<number>([
  ErrorCodes.UNKNOWN_SERVER_ERROR,
  ErrorCodes.MESSAGE_TOO_LARGE,
  ErrorCodes.RECORD_LIST_TOO_LARGE,
  ErrorCodes.INVALID_COMMIT_OFFSET_SIZE,
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
  readonly #cut: CommitCut;

  /**
   * @param connected gives the connection, which may come about after this object; throws while
   * there is none
   */
  constructor(connected: () => ClusterConnection, groupId: string, options: GroupOffsetsOptions) {
    this.#connected = connected;
    this.#groupId = groupId;
    this.#options = options;
    this.#cut = new CommitCut(groupId);
  }

  async fetch(
    partitions: readonly TopicPartition[],
    { stable = false }: { readonly stable?: boolean } = {},
  ): Promise<CommittedOffset[]> {
    const fetched: CommittedOffset[] = [];
    for (const part of inParts(partitions)) fetched.push(...(await this.#fetchPart(part, stable)));
    return fetched;
  }

  async #fetchPart(partitions: readonly TopicPartition[], stable: boolean): Promise<CommittedOffset[]> {
    const what = `OffsetFetch of group ${this.#groupId}`;
    return this.#retry(what, async () => {
      const answer = await this.#call(offsetFetchRequest(this.#groupId, partitions, stable));
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
    return this.#retry(what, async () => {
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
    return this.#retry(what, async () => {
      const answer = await this.#call(describeGroupRequest(this.#groupId));
      if (answer === undefined) throw missingAnswer(what);
      this.#judge(answer.errorCode, what);
      const { state, protocolType, members } = answer;
      return { state, protocolType, members };
    });
  }

  async commit(offsets: readonly OffsetToCommit[]): Promise<CommitResult[]> {
    const { deadlines, watch } = this.#connected();
    const began = watch.now();
    const results: CommitResult[] = [];
    for (const part of this.parts(offsets)) {
      try {
        const withinMs = deadlines.requestMs - (watch.now() - began);
        if (withinMs <= 0) throw notSent(deadlines.requestMs);
        results.push(...(await this.#commitPart(part, withinMs)));
      } catch (thrown) {
        if (results.length === 0) throw thrown;
        const error = wrapError(thrown, `OffsetCommit of group ${this.#groupId}`);
        for (const { topic, partition, offset } of offsets.slice(results.length))
          results.push({ topic, partition, offset, error });
        return results;
      }
    }
    return results;
  }

  parts(offsets: readonly OffsetToCommit[]): OffsetToCommit[][] {
    return this.#cut.parts(offsets);
  }

  /** @param withinMs by when it must be sent */
  async #commitPart(part: readonly OffsetToCommit[], withinMs: number): Promise<CommitResult[]> {
    const request = offsetCommitRequest(this.#groupId, part);
    const answers = new PartitionAnswers(await this.#call(request, withinMs));
    const codes = part.map((at) => answers.of(at)?.errorCode);
    const isHalved = this.#isTooLarge(codes) && this.#halve(part);
    return part.map(({ topic, partition, offset }, at) => {
      const what = `OffsetCommit of ${topic}/${partition} at ${offset} in group ${this.#groupId}`;
      const code = codes[at];
      let error: BrokerError | undefined;
      if (code === undefined) error = missingAnswer(what);
      else if (code !== ErrorCodes.NONE) error = brokerError(code, what);
      if (error !== undefined) heedCode(this.#connected(), this.#coordinator, error.brokerCode);
      if (error !== undefined && isHalved && TOO_LARGE_CODES.has(error.brokerCode)) error = again(error);
      return { topic, partition, offset, error };
    });
  }

  /** Nothing was stored, and what the coordinator says of it may be the size of the request. */
  #isTooLarge(codes: readonly (number | undefined)[]): boolean {
    return (
      !codes.includes(ErrorCodes.NONE) &&
      codes.some((code) => code !== undefined && TOO_LARGE_CODES.has(code))
    );
  }

  #halve(part: readonly OffsetToCommit[]): boolean {
    const requestBytes = this.#cut.halve(part);
    if (requestBytes === undefined) return false;
    this.#connected().logger.info('A coordinator refuses commits of this size: they are halved', {
      groupId: this.#groupId,
      partitions: part.length,
      requestBytes,
    });
    return true;
  }

  #retry<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    const { retryTimeoutMs, signal } = this.#options;
    return retryLoop(this.#connected(), { timeoutMs: retryTimeoutMs, what, kind: 'group', signal }, attempt);
  }

  #judge(errorCode: number, what: string): void {
    judgeCode(this.#connected(), this.#coordinator, errorCode, what);
  }

  /**
   * One request, sent within the deadline of one request: what was true when a commit was offered, such
   * as a claim, must not be long ago then.
   */
  #call<Answer>(request: RawRequest<Answer>, withinMs?: number): Promise<Answer> {
    const limit = withinMs === undefined ? {} : { withinMs };
    return askCoordinator(this.#connected(), this.#coordinator, request, limit);
  }

  get #coordinator(): Coordinator {
    return { of: 'group', id: this.#groupId };
  }
}

/** The same error, of what succeeds in smaller requests. */
function again({ message, brokerCode, brokerError }: BrokerError): BrokerError {
  return new BrokerError(message, { brokerCode, brokerError, retriable: true });
}

/** Of what would be sent too long after a commit was offered. */
function notSent(requestMs: number): TimeoutError {
  return new TimeoutError(`The offsets before these took longer than ${requestMs} ms`, { retriable: true });
}
