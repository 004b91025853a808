import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';

/** @see https://kafka.apache.org/protocol#The_Messages_ListGroups */
export const listGroups = defineApi({
  key: 16,
  name: 'ListGroups',
  min: 0,
  max: 2,
  read: () => ({}),
  handle(_, context) {
    const { cluster, nodeId, out, version } = context;
    const code = context.forcedError();
    const own = cluster.groups.all().filter(({ id }) => cluster.coordinatorOf(id)?.nodeId === nodeId);
    if (version >= 1) out.fields.int32(0);
    out.fields.int16(code).array(code === ErrorCodes.NONE ? own : [], (writer, group) => {
      writer.string(group.id).string(group.protocolType);
    });
    return 'answer';
  },
});
