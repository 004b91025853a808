import { WireWriter } from '../../wire/wire-writer.ts';
import type { RawRequest } from '../connection/raw-call.ts';
import type { BrokerNode } from './metadata.ts';

export const FIND_COORDINATOR = 10;
const GROUP_KEY = 0;

export interface CoordinatorAnswer extends BrokerNode {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

/**
 * FindCoordinator v2, for a consumer group.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_FindCoordinator
 */
export function findCoordinatorRequest(groupId: string): RawRequest<CoordinatorAnswer> {
  return {
    apiKey: FIND_COORDINATOR,
    apiName: 'FindCoordinator',
    apiVersion: 2,
    body: [new WireWriter(64).string(groupId).int8(GROUP_KEY).toBuffer()],
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
