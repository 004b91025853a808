import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { byTopic } from '../../kafka/wire/by-topic.ts';
import { defineApi } from '../api.ts';
import type { Outcome } from '../api.ts';
import type { TransactionalId } from '../transactions/transactional-id.ts';
import { transactionError } from './transaction-access.ts';
import { VersionedFields } from './versioned-fields.ts';

/** @see https://kafka.apache.org/protocol#The_Messages_DescribeTransactions */
export const describeTransactions = defineApi({
  key: 65,
  name: 'DescribeTransactions',
  min: 0,
  max: 0,
  flexibleFrom: 0,
  read(reader) {
    const transactionalIds = reader.compactArray(() => reader.compactString());
    reader.skipTags();
    return { transactionalIds };
  },
  async handle(request, context): Promise<Outcome> {
    const { transactions } = context.cluster;
    const writer = context.out.fields.int32(0);
    await new VersionedFields(writer, true).pacedArray(request.transactionalIds, (id) => {
      const error = transactionError(id, context);
      const known = error === ErrorCodes.NONE ? transactions.get(id) : undefined;
      const code = error || (known === undefined ? ErrorCodes.TRANSACTIONAL_ID_NOT_FOUND : ErrorCodes.NONE);
      writer.int16(code).compactString(id);
      writer.compactString(known?.state ?? '').int32(known?.timeoutMs ?? 0);
      writer.int64(known?.startedAt ?? 0).bigInt64(known?.producerId ?? 0n);
      writer.int16(known?.epoch ?? 0);
      writer.compactArray(byTopic(participants(known)), (_, { topic, entries }) => {
        writer.compactString(topic).compactArray(entries, (_list, { partition }) => writer.int32(partition));
        writer.noTags();
      });
      writer.noTags();
    });
    writer.noTags();
    return 'answer';
  },
});

function participants(known: TransactionalId | undefined) {
  return known === undefined ? [] : known.partitions.values();
}
