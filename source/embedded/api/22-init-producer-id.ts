import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';

/**
 * Gives out producer ids for idempotent producers. Transactions are not served.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_InitProducerId
 */
export const initProducerId = defineApi({
  key: 22,
  name: 'InitProducerId',
  min: 0,
  max: 1,
  read: (reader) => ({ transactionalId: reader.nullableString(), transactionTimeoutMs: reader.int32() }),
  handle(request, context) {
    const { cluster, out } = context;
    const refusal = request.transactionalId === null ? ErrorCodes.NONE : ErrorCodes.INVALID_REQUEST;
    const code = context.forcedError() || refusal;
    context.refused(code, request.transactionalId === null ? {} : { why: 'transactions are not served' });
    const producerId = code === ErrorCodes.NONE ? cluster.nextProducerId() : -1n;
    out.fields
      .int32(0)
      .int16(code)
      .bigInt64(producerId)
      .int16(code === ErrorCodes.NONE ? 0 : -1);
    return 'answer';
  },
});
