import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { RequestContext } from '../api.ts';
import { producerErrorFor } from '../transactions/transactions.ts';
import { readFlexiblePartitions, readPartitions } from './named-partitions.ts';
import type { NamedPartitions } from './named-partitions.ts';
import {
  PRODUCER_FENCED_FROM,
  TRANSACTION_FLEXIBLE_FROM,
  readTransaction,
  transactionError,
} from './transaction-access.ts';
import type { TransactionRequest } from './transaction-access.ts';

interface AddPartitionsRequest extends TransactionRequest {
  readonly topics: readonly NamedPartitions[];
}

/** @see https://kafka.apache.org/protocol#The_Messages_AddPartitionsToTxn */
export const addPartitionsToTxn = defineApi<AddPartitionsRequest>({
  key: 24,
  name: 'AddPartitionsToTxn',
  min: 0,
  max: 3,
  flexibleFrom: TRANSACTION_FLEXIBLE_FROM,
  read(reader, version) {
    const transaction = readTransaction(reader, version);
    const flexible = version >= TRANSACTION_FLEXIBLE_FROM;
    const topics = flexible ? reader.compactArray(readFlexiblePartitions) : reader.array(readPartitions);
    if (flexible) reader.skipTags();
    return { ...transaction, topics };
  },
  handle(request, context) {
    const { out, version } = context;
    const codeOf = add(request, context);
    out.fields.int32(0);
    if (version >= TRANSACTION_FLEXIBLE_FROM) {
      out.fields.compactArray(request.topics, (writer, { topic, partitions }) => {
        writer.compactString(topic).compactArray(partitions, (_, { partition }) => {
          writer.int32(partition).int16(codeOf(topic, partition)).noTags();
        });
        writer.noTags();
      });
      out.fields.noTags();
    } else {
      out.fields.array(request.topics, (writer, { topic, partitions }) => {
        writer.string(topic).array(partitions, (_, { partition }) => {
          writer.int32(partition).int16(codeOf(topic, partition));
        });
      });
    }
    return 'answer';
  },
});

/** Adds all partitions of the request, or none; returns what to answer for each. */
function add(
  request: AddPartitionsRequest,
  context: RequestContext,
): (topic: string, partition: number) => number {
  const { cluster, version } = context;
  const partitions = request.topics.flatMap(({ topic, partitions: list }) =>
    list.map(({ partition }) => ({ topic, partition })),
  );
  const errorOf = (topic: string, partition: number) =>
    context.forcedError(topic, partition) ||
    (cluster.topics.partition(topic, partition) === undefined
      ? ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION
      : ErrorCodes.NONE);
  if (partitions.some(({ topic, partition }) => errorOf(topic, partition) !== ErrorCodes.NONE)) {
    return (topic, partition) => errorOf(topic, partition) || ErrorCodes.OPERATION_NOT_ATTEMPTED;
  }
  const code =
    transactionError(request.transactionalId, context) ||
    cluster.transactions.addPartitions(request.transactionalId, request, partitions);
  context.refused(code, { transactionalId: request.transactionalId });
  const answered = producerErrorFor(code, version, PRODUCER_FENCED_FROM);
  return () => answered;
}
