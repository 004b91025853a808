import { WireWriter } from '../../wire/wire-writer.ts';
import type { RawRequest } from '../connection/raw-call.ts';

export const LIST_GROUPS = 16;

export interface ListGroupsAnswer {
  readonly errorCode: number;
  readonly groupIds: readonly string[];
}

/**
 * ListGroups v2: the groups that one broker coordinates.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_ListGroups
 */
export function listGroupsRequest(): RawRequest<ListGroupsAnswer> {
  return {
    apiKey: LIST_GROUPS,
    apiName: 'ListGroups',
    apiVersion: 2,
    body: [new WireWriter(1).toBuffer()],
    throttleTime: 'first',
    parse: (reader) => {
      reader.int32();
      const errorCode = reader.int16();
      const groupIds = reader.array((groups) => {
        const groupId = groups.string();
        groups.string();
        return groupId;
      });
      return { errorCode, groupIds };
    },
  };
}
