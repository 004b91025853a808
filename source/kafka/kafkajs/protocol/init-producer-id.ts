import { WireWriter } from '../../wire/wire-writer.ts';
import type { RawRequest } from '../connection/raw-call.ts';

export const INIT_PRODUCER_ID = 22;
/** Only a transactional producer has a use for it. */
const TRANSACTION_TIMEOUT_MS = 60_000;

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
