import type { GroupDescription } from '../../group-offsets.ts';
import { WireWriter } from '../../wire/wire-writer.ts';
import type { RawRequest } from '../connection/raw-call.ts';

export const DESCRIBE_GROUPS = 15;

export interface GroupAnswer extends GroupDescription {
  readonly errorCode: number;
}

/**
 * DescribeGroups v2, for one group. One that does not exist is 'Dead', without an error.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_DescribeGroups
 */
export function describeGroupRequest(groupId: string): RawRequest<GroupAnswer | undefined> {
  return {
    apiKey: DESCRIBE_GROUPS,
    apiName: 'DescribeGroups',
    apiVersion: 2,
    body: [new WireWriter(64).array([groupId], (list, id) => list.string(id)).toBuffer()],
    throttleTime: 'first',
    parse: (reader) => {
      reader.int32();
      const [group] = reader.array((groups): GroupAnswer => {
        const errorCode = groups.int16();
        groups.string();
        const state = groups.string();
        const protocolType = groups.string();
        groups.string();
        const members = groups.array((member) => {
          const described = { memberId: member.string(), clientId: member.string(), host: member.string() };
          member.bytes();
          member.bytes();
          return described;
        });
        return { errorCode, state, protocolType, members };
      });
      return group;
    },
  };
}
