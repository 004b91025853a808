import { WireWriter } from '../../wire/wire-writer.ts';
import type { RawRequest } from '../connection/raw-call.ts';
import type { BrokerNode } from './metadata.ts';

export const FIND_COORDINATOR = 10;

/** What a coordinator is asked for: it keeps the offsets of a group, or the transactions of an id. */
export type CoordinatorOf = 'group' | 'transactional id';

const KEY_TYPES: Readonly<Record<CoordinatorOf, number>> = { group: 0, 'transactional id': 1 };

export interface CoordinatorAnswer extends BrokerNode {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

/**
 * FindCoordinator v2.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_FindCoordinator
 */
export function findCoordinatorRequest(of: CoordinatorOf, id: string): RawRequest<CoordinatorAnswer> {
  return {
    apiKey: FIND_COORDINATOR,
    apiName: 'FindCoordinator',
    apiVersion: 2,
    body: [new WireWriter(64).string(id).int8(KEY_TYPES[of]).toBuffer()],
    throttleTime: 'first',
    parse: (reader) => {
      reader.int32();
      return {
        errorCode: reader.int16(),
        errorMessage: reader.nullableString(),
        nodeId: reader.int32(),
        host: reader.string(),
        port: reader.int32(),
      };
    },
  };
}
