import { WireWriter } from '../../wire/wire-writer.ts';
import type { RawRequest } from '../connection/raw-call.ts';
import type { ProducerIdentity } from './transaction-requests.ts';

export const INIT_PRODUCER_ID = 22;
/** Only a transactional producer has a use for it. */
const TRANSACTION_TIMEOUT_MS = 60_000;
export const INIT_TRANSACTIONAL_ID_VERSION = 4;
const NOBODY: ProducerIdentity = { producerId: -1n, epoch: -1 };

export interface InitProducerIdAnswer {
  readonly errorCode: number;
  readonly producerId: bigint;
  readonly epoch: number;
}

/**
 * InitProducerId v1 without a transactional id: a new id for each request, from any broker.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_InitProducerId
 */
export function initProducerIdRequest(): RawRequest<InitProducerIdAnswer> {
  return {
    apiKey: INIT_PRODUCER_ID,
    apiName: 'InitProducerId',
    apiVersion: 1,
    body: [new WireWriter(16).nullableString(null).int32(TRANSACTION_TIMEOUT_MS).toBuffer()],
    throttleTime: 'first',
    parse: (reader) => {
      reader.int32();
      return { errorCode: reader.int16(), producerId: reader.bigInt64(), epoch: reader.int16() };
    },
  };
}

/**
 * InitProducerId v4 of a transactional id: makes the caller its owner, under a new epoch.
 *
 * @param own who the caller was until now: refused if somebody else took the id over since
 */
export function initTransactionalIdRequest(
  transactionalId: string,
  transactionTimeoutMs: number,
  own: ProducerIdentity | undefined,
): RawRequest<InitProducerIdAnswer> {
  return {
    apiKey: INIT_PRODUCER_ID,
    apiName: 'InitProducerId',
    apiVersion: INIT_TRANSACTIONAL_ID_VERSION,
    flexible: true,
    body: [
      new WireWriter(64)
        .compactNullableString(transactionalId)
        .int32(transactionTimeoutMs)
        .bigInt64(own?.producerId ?? NOBODY.producerId)
        .int16(own?.epoch ?? NOBODY.epoch)
        .noTags()
        .toBuffer(),
    ],
    throttleTime: 'first',
    parse: (reader) => {
      reader.int32();
      return { errorCode: reader.int16(), producerId: reader.bigInt64(), epoch: reader.int16() };
    },
  };
}
