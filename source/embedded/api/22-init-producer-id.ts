import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { RequestContext } from '../api.ts';
import type { InitAnswer, ProducerIdentity } from '../transactions/transactional-id.ts';
import { initRefused } from '../transactions/transactional-id.ts';
import { producerErrorFor } from '../transactions/transactions.ts';
import { transactionError } from './transaction-access.ts';

const FLEXIBLE_FROM = 2;
const IDENTITY_FROM = 3;
const FENCED_FROM = 4;
const NO_PRODUCER: ProducerIdentity = { producerId: -1n, epoch: -1 };

interface InitRequest {
  readonly transactionalId: string | null;
  readonly transactionTimeoutMs: number;
  /** Who the producer was until now. */
  readonly identity: ProducerIdentity;
}

/**
 * Gives out producer ids: to idempotent producers, and to the owners of transactional ids.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_InitProducerId
 */
export const initProducerId = defineApi<InitRequest>({
  key: 22,
  name: 'InitProducerId',
  min: 0,
  max: 4,
  flexibleFrom: FLEXIBLE_FROM,
  read(reader, version) {
    const flexible = version >= FLEXIBLE_FROM;
    const transactionalId = flexible ? reader.compactNullableString() : reader.nullableString();
    const transactionTimeoutMs = reader.int32();
    const identity =
      version >= IDENTITY_FROM ? { producerId: reader.bigInt64(), epoch: reader.int16() } : NO_PRODUCER;
    if (flexible) reader.skipTags();
    return { transactionalId, transactionTimeoutMs, identity };
  },
  handle(request, context) {
    const { out, version } = context;
    const { code, producerId, epoch } = init(request, context);
    context.refused(
      code,
      request.transactionalId === null ? {} : { transactionalId: request.transactionalId },
    );
    out.fields.int32(0).int16(producerErrorFor(code, version, FENCED_FROM));
    out.fields.bigInt64(producerId).int16(epoch);
    if (version >= FLEXIBLE_FROM) out.fields.noTags();
    return 'answer';
  },
});

function init(request: InitRequest, context: RequestContext): InitAnswer {
  const { cluster } = context;
  const { transactionalId, transactionTimeoutMs, identity } = request;
  const { producerId, epoch } = identity;
  if ((producerId === NO_PRODUCER.producerId) !== (epoch === NO_PRODUCER.epoch)) {
    return initRefused(ErrorCodes.INVALID_REQUEST);
  }
  if (transactionalId === null) {
    const code = context.forcedError();
    return code === ErrorCodes.NONE
      ? { code, producerId: cluster.nextProducerId(), epoch: 0 }
      : initRefused(code);
  }
  const code = transactionError(transactionalId, context);
  if (code !== ErrorCodes.NONE) return initRefused(code);
  const expected = epoch === NO_PRODUCER.epoch ? undefined : identity;
  return cluster.transactions.init(transactionalId, transactionTimeoutMs, expected);
}
