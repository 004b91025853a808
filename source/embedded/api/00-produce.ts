import { byTopic } from '../../kafka/wire/by-topic.ts';
import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
import type { AppendResult, AppendRules, Partition } from '../logs/partition.ts';
import type { TopicConfig } from '../settings/topic-config.ts';
import { checkTransaction, isTransactional } from '../transactions/produce-check.ts';
import { paced } from '../paced.ts';
import { byPartition } from './by-partition.ts';
import { VersionedFields } from './versioned-fields.ts';

/** What is sent for one partition. */
interface ToAppend extends TopicPartition {
  readonly records: Buffer | null;
}

/** The answer for one partition. */
type PartitionResult = AppendResult & TopicPartition;

interface ProduceRequest {
  readonly transactionalId: string | null;
  readonly acks: number;
  readonly timeoutMs: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly records: Buffer | null }[];
  }[];
}

/** @see https://kafka.apache.org/protocol#The_Messages_Produce */
export const produce = defineApi<ProduceRequest>({
  key: 0,
  name: 'Produce',
  min: 3,
  max: 7,
  maxItems: 10_000,
  // As Kafka 4 does: some clients take a higher minimum for "no compression".
  advertisedMin: 0,
  read: (reader) => ({
    transactionalId: reader.nullableString(),
    acks: reader.int16(),
    timeoutMs: reader.int32(),
    topics: reader.array(() => ({
      topic: reader.string(),
      partitions: reader.array(() => ({ partition: reader.int32(), records: reader.bytes() })),
    })),
  }),
  handle(request, context) {
    const appended = appendAll(request, context);
    if (!(appended instanceof Promise)) return answer(request.acks, appended, context);
    return appended.then((results) => answer(request.acks, results, context));
  },
});

function answer(
  acks: number,
  results: readonly PartitionResult[],
  context: RequestContext,
): Outcome | Promise<Outcome> {
  const { out, version } = context;
  const refuse = ({ code, topic, partition }: PartitionResult) => {
    context.refused(code, { topic, partition });
  };
  if (acks === 0) {
    results.forEach(refuse);
    // Without an answer, a closed connection is the only way to report an error to the client.
    return results.some(({ code }) => code !== ErrorCodes.NONE) ? 'close' : 'no-answer';
  }
  const fields = new VersionedFields(out.fields, false);
  const { writer } = fields;
  const topics = byTopic(results).map(({ topic, entries }) => ({ topic, partitions: entries }));
  const later = fields.byTopic(topics, (_, result) => {
    refuse(result);
    writer.int32(result.partition).int16(result.code).int64(result.baseOffset);
    writer.int64(result.logAppendTime);
    if (version >= 5) writer.int64(result.logStartOffset);
  });
  const end = (): Outcome => {
    writer.int32(0);
    return 'answer';
  };
  return later === undefined ? end() : later.then(end);
}

/** A promise where a batch waits for its check, or there is much to check. */
function appendAll(
  request: ProduceRequest,
  context: RequestContext,
): PartitionResult[] | Promise<PartitionResult[]> {
  const entries: ToAppend[] = [];
  // Of a partition that is listed twice only the second record set counts, as on a real broker.
  for (const [topic, partitions] of byPartition(request.topics, ({ records }) => records)) {
    for (const [partition, records] of partitions) entries.push({ topic, partition, records });
  }
  const refusal = transactionalIdError(request);
  if (refusal !== ErrorCodes.NONE) return entries.map((entry) => refused(entry, refusal));
  const results: (PartitionResult | Promise<PartitionResult>)[] = [];
  const later = paced(entries, (entry) => {
    results.push(append(entry, request, context));
  });
  if (later !== undefined) return later.then(() => allOf(results));
  return results.every(isThere) ? results : allOf(results);
}

async function allOf(
  results: readonly (PartitionResult | Promise<PartitionResult>)[],
): Promise<PartitionResult[]> {
  const all: PartitionResult[] = [];
  for (const result of results) all.push(await result);
  return all;
}

function isThere(result: PartitionResult | Promise<PartitionResult>): result is PartitionResult {
  return !(result instanceof Promise);
}

/** A record of a transaction in a request without a transactional id: nobody may write it. */
function transactionalIdError({ transactionalId, topics }: ProduceRequest): number {
  if (transactionalId !== null) return ErrorCodes.NONE;
  return topics.some(({ partitions }) => partitions.some(({ records }) => isTransactional(records)))
    ? ErrorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    : ErrorCodes.NONE;
}

/** Whether it may be appended to, as far as the partition is concerned. A broker looks at acks first. */
function accessOf(partition: Partition, acks: number, nodeId: number): number {
  return acks < -1 || acks > 1 ? ErrorCodes.INVALID_REQUIRED_ACKS : partition.access(nodeId);
}

function append(
  wanted: ToAppend,
  { acks, transactionalId }: ProduceRequest,
  context: RequestContext,
): PartitionResult | Promise<PartitionResult> {
  const { cluster, nodeId, version } = context;
  const { partition: index, records } = wanted;
  const topic = cluster.topics.get(wanted.topic);
  const partition = topic?.partitions[index];
  const code =
    context.forcedError(wanted.topic, index) ||
    (partition === undefined ? ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION : accessOf(partition, acks, nodeId));
  if (code !== ErrorCodes.NONE || topic === undefined || partition === undefined)
    return refused(wanted, code);
  // A topic has as many as are wanted when all of its replicas are in sync.
  const wantedInSync = Math.min(topic.config.minInsyncReplicas, partition.replicas.length);
  if (acks === -1 && cluster.topics.inSyncReplicas(partition).length < wantedInSync) {
    const { startOffset: logStartOffset } = partition.log;
    return { ...refused(wanted, ErrorCodes.NOT_ENOUGH_REPLICAS), logStartOffset };
  }
  if (context.forgets) {
    const { endOffset: baseOffset, startOffset: logStartOffset } = partition.log;
    return { topic: wanted.topic, partition: index, code, baseOffset, logAppendTime: -1, logStartOffset };
  }
  const result = partition.appendFromProducer(records, {
    produceVersion: version,
    transactionError: () =>
      checkTransaction(records, partition, { transactions: cluster.transactions, transactionalId }),
    ...rulesOf(topic.config, cluster.clock.wallNow()),
  });
  const placed = (appended: AppendResult): PartitionResult => ({
    ...appended,
    topic: wanted.topic,
    partition: index,
  });
  if (!(result instanceof Promise)) return placed(result);
  const later = result.then(placed);
  // It is awaited, but maybe after others: until then a failure is not one that nobody handles.
  later.catch(() => undefined);
  return later;
}

function rulesOf(config: TopicConfig, now: number): Omit<AppendRules, 'produceVersion' | 'transactionError'> {
  const { maxMessageBytes, hasAppendTime, isCompacted: keysRequired, codec } = config;
  // A time that is replaced may be any.
  if (hasAppendTime) {
    const anyTime = { oldestTimestamp: -Infinity, youngestTimestamp: Infinity };
    return { maxMessageBytes, keysRequired, codec, ...anyTime, appendTime: now };
  }
  return {
    maxMessageBytes,
    keysRequired,
    codec,
    oldestTimestamp: now - config.timestampBeforeMaxMs,
    youngestTimestamp: now + config.timestampAfterMaxMs,
    appendTime: undefined,
  };
}

function refused({ topic, partition }: ToAppend, code: number): PartitionResult {
  return { topic, partition, code, baseOffset: -1, logAppendTime: -1, logStartOffset: -1 };
}
