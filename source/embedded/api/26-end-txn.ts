import { defineApi } from '../api.ts';
import { producerErrorFor } from '../transactions/transactions.ts';
import {
  PRODUCER_FENCED_FROM,
  TRANSACTION_FLEXIBLE_FROM,
  readTransaction,
  transactionError,
} from './transaction-access.ts';

/** @see https://kafka.apache.org/protocol#The_Messages_EndTxn */
export const endTxn = defineApi({
  key: 26,
  name: 'EndTxn',
  min: 0,
  max: 3,
  flexibleFrom: TRANSACTION_FLEXIBLE_FROM,
  read(reader, version) {
    const transaction = readTransaction(reader, version);
    const committed = reader.boolean();
    if (version >= TRANSACTION_FLEXIBLE_FROM) reader.skipTags();
    return { ...transaction, committed };
  },
  handle(request, context) {
    const { cluster, out, version } = context;
    const { transactionalId, committed } = request;
    const code =
      transactionError(transactionalId, context) ||
      cluster.transactions.end(transactionalId, request, committed);
    context.refused(code, { transactionalId });
    out.fields.int32(0).int16(producerErrorFor(code, version, PRODUCER_FENCED_FROM));
    if (version >= TRANSACTION_FLEXIBLE_FROM) out.fields.noTags();
    return 'answer';
  },
});
