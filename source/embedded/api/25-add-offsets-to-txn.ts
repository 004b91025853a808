import { defineApi } from '../api.ts';
import { producerErrorFor } from '../transactions/transactions.ts';
import {
  PRODUCER_FENCED_FROM,
  TRANSACTION_FLEXIBLE_FROM,
  readTransaction,
  transactionError,
} from './transaction-access.ts';

/** @see https://kafka.apache.org/protocol#The_Messages_AddOffsetsToTxn */
export const addOffsetsToTxn = defineApi({
  key: 25,
  name: 'AddOffsetsToTxn',
  min: 0,
  max: 3,
  flexibleFrom: TRANSACTION_FLEXIBLE_FROM,
  read(reader, version) {
    const transaction = readTransaction(reader, version);
    const flexible = version >= TRANSACTION_FLEXIBLE_FROM;
    const groupId = flexible ? reader.compactString() : reader.string();
    if (flexible) reader.skipTags();
    return { ...transaction, groupId };
  },
  handle(request, context) {
    const { cluster, out, version } = context;
    const { transactionalId, groupId } = request;
    const code =
      transactionError(transactionalId, context) ||
      cluster.transactions.addGroup(transactionalId, request, groupId);
    context.refused(code, { transactionalId });
    out.fields.int32(0).int16(producerErrorFor(code, version, PRODUCER_FENCED_FROM));
    if (version >= TRANSACTION_FLEXIBLE_FROM) out.fields.noTags();
    return 'answer';
  },
});
