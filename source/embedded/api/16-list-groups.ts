import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { Outcome } from '../api.ts';
import type { Group } from '../groups/group.ts';
import { paced, pacedArray } from '../paced.ts';

/** @see https://kafka.apache.org/protocol#The_Messages_ListGroups */
export const listGroups = defineApi({
  key: 16,
  name: 'ListGroups',
  min: 0,
  max: 2,
  read: () => ({}),
  async handle(_, context): Promise<Outcome> {
    const { cluster, nodeId, out, version } = context;
    const code = context.forcedError();
    const own: Group[] = [];
    await paced(code === ErrorCodes.NONE ? cluster.groups.all() : [], (group) => {
      if (cluster.coordinatorOf(group.id)?.nodeId === nodeId) own.push(group);
    });
    const writer = out.fields;
    if (version >= 1) writer.int32(0);
    await pacedArray(writer.int16(code), own, ({ id, protocolType }) => {
      writer.string(id).string(protocolType);
    });
    return 'answer';
  },
});
