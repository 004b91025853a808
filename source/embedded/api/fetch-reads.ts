import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { RequestContext } from '../api.ts';
import type { FetchTurn, SessionPartition } from '../fetch-sessions.ts';
import type { AbortedRange } from '../logs/open-transactions.ts';
import type { ReadLimits } from '../logs/partition-log.ts';
import { paced } from '../paced.ts';

/** A broker's `fetch.max.bytes`: no response holds more, even if the client asks for more. */
const MAX_RESPONSE_BYTES = 57_671_680;
const READ_COMMITTED = 1;
const FIRST_VERSION_SERVED_BY_FOLLOWERS = 11;

/** How much a Fetch is to bring. */
export interface FetchLimits {
  readonly minBytes: number;
  readonly maxBytes: number;
  /** 1: committed records only. */
  readonly isolation: number;
}

/** The answer for one partition. */
export interface PartitionRead {
  readonly topic: string;
  readonly partition: number;
  readonly code: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  /** Transactions that were aborted, for readers of committed records. */
  readonly aborted: readonly AbortedRange[];
  readonly views: readonly Buffer[];
  readonly bytes: number;
}

export interface FetchRead {
  readonly partitions: readonly PartitionRead[];
  /** To be sent without waiting for more: enough bytes, or an error. */
  readonly isDue: boolean;
}

/** Reads all that a Fetch asks for, as it is now: a promise where it takes long. */
export function readPartitions(
  turn: FetchTurn,
  request: FetchLimits,
  context: RequestContext,
): FetchRead | Promise<FetchRead> {
  const { isolation } = request;
  let left = Math.min(request.maxBytes, MAX_RESPONSE_BYTES);
  const enough = Math.min(request.minBytes, left);
  let bytes = 0;
  const partitions: PartitionRead[] = [];
  const later = paced(turn.partitions, (wanted) => {
    // The first partition with records gives a whole batch, however small the limits: else no
    // reader could get past a large one.
    const maxBytes = Math.max(0, Math.min(wanted.maxBytes, left));
    const read = readOne(wanted, { maxBytes, wholeFirst: bytes === 0, isolation }, context);
    bytes += read.bytes;
    left -= read.bytes;
    partitions.push(read);
  });
  const whole = () => {
    const failed = partitions.some(({ code }) => code !== ErrorCodes.NONE);
    return { partitions, isDue: failed || partitions.length === 0 || bytes >= enough };
  };
  return later === undefined ? whole() : later.then(whole);
}

function readOne(
  wanted: SessionPartition,
  { isolation, ...limit }: Omit<ReadLimits, 'before'> & { readonly isolation: number },
  context: RequestContext,
): PartitionRead {
  const { cluster, nodeId, version } = context;
  const { topic } = wanted;
  const forced = context.forcedError(topic, wanted.partition);
  if (forced !== ErrorCodes.NONE) return failure(wanted, forced);
  const partition = cluster.topics.partition(topic, wanted.partition);
  if (partition === undefined) return failure(wanted, ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  const needsLeader = version < FIRST_VERSION_SERVED_BY_FOLLOWERS;
  const access = partition.access(nodeId, { currentLeaderEpoch: wanted.currentLeaderEpoch, needsLeader });
  if (access !== ErrorCodes.NONE) return failure(wanted, access);
  const { log } = partition;
  if (wanted.offset < log.startOffset || wanted.offset > log.endOffset) {
    return failure(wanted, ErrorCodes.OFFSET_OUT_OF_RANGE);
  }
  const before = isolation === READ_COMMITTED ? log.lastStableOffset : log.endOffset;
  const views = log.read(wanted.offset, { ...limit, before });
  let bytes = 0;
  for (const view of views) bytes += view.length;
  return {
    topic,
    partition: wanted.partition,
    code: ErrorCodes.NONE,
    highWatermark: log.endOffset,
    lastStableOffset: log.lastStableOffset,
    logStartOffset: log.startOffset,
    aborted:
      isolation === READ_COMMITTED && bytes > 0
        ? log.transactions.abortedBetween(wanted.offset, log.readEnd(wanted.offset, bytes))
        : [],
    views,
    bytes,
  };
}

function failure(wanted: SessionPartition, code: number): PartitionRead {
  return {
    topic: wanted.topic,
    partition: wanted.partition,
    code,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    aborted: [],
    views: [],
    bytes: 0,
  };
}
