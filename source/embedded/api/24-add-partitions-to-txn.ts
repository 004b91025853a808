import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
import { producerErrorFor } from '../transactions/transactions.ts';
import { eachOnce } from './by-partition.ts';
import { readFlexiblePartitions, readPartitions } from './named-partitions.ts';
import type { NamedPartitions } from './named-partitions.ts';
import {
  PRODUCER_FENCED_FROM,
  TRANSACTION_FLEXIBLE_FROM,
  readTransaction,
  transactionError,
} from './transaction-access.ts';
import type { TransactionRequest } from './transaction-access.ts';
import { VersionedFields } from './versioned-fields.ts';

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
  // They are added all together, or none of them.
  maxItems: 10_000,
  read(reader, version) {
    const transaction = readTransaction(reader, version);
    const flexible = version >= TRANSACTION_FLEXIBLE_FROM;
    const topics = flexible ? reader.compactArray(readFlexiblePartitions) : reader.array(readPartitions);
    if (flexible) reader.skipTags();
    return { ...transaction, topics };
  },
  async handle(request, context): Promise<Outcome> {
    const { out, version } = context;
    const { answered, codeOf } = add(request, context);
    const fields = new VersionedFields(out.fields, version >= TRANSACTION_FLEXIBLE_FROM);
    fields.writer.int32(0);
    await fields.byTopic(answered, (topic, { partition }) => {
      fields.writer.int32(partition).int16(codeOf(topic, partition));
      fields.end();
    });
    fields.end();
    return 'answer';
  },
});

interface Added {
  /** What is answered for. */
  readonly answered: readonly NamedPartitions[];
  readonly codeOf: (topic: string, partition: number) => number;
}

/** Adds all partitions of the request, or none. */
function add(request: AddPartitionsRequest, context: RequestContext): Added {
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
    const codeOf = (topic: string, partition: number) =>
      errorOf(topic, partition) || ErrorCodes.OPERATION_NOT_ATTEMPTED;
    // As a broker does that adds nothing.
    return { answered: eachOnce(request.topics), codeOf };
  }
  const code =
    transactionError(request.transactionalId, context) ||
    cluster.transactions.addPartitions(request.transactionalId, request, partitions);
  context.refused(code, { transactionalId: request.transactionalId });
  const answered = producerErrorFor(code, version, PRODUCER_FENCED_FROM);
  return { answered: request.topics, codeOf: () => answered };
}
