import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { RequestContext } from '../api.ts';
import type { NodeAddress } from '../cluster-state.ts';

const GROUP = 0;
const TRANSACTION = 1;

/** @see https://kafka.apache.org/protocol#The_Messages_FindCoordinator */
export const findCoordinator = defineApi({
  key: 10,
  name: 'FindCoordinator',
  min: 0,
  max: 2,
  read(reader, version) {
    const key = reader.string();
    const keyType = version >= 1 ? reader.int8() : GROUP;
    return { key, keyType, ...(keyType === TRANSACTION ? { transactionalId: key } : { groupId: key }) };
  },
  handle(request, context) {
    const { cluster, out, version } = context;
    const found =
      request.keyType === TRANSACTION
        ? cluster.transactionCoordinatorOf(request.key)
        : cluster.coordinatorOf(request.key);
    const code = errorOf(request, found, context);
    const node = code === ErrorCodes.NONE ? found : undefined;
    if (version >= 1) out.fields.int32(0);
    out.fields.int16(code);
    if (version >= 1) out.fields.nullableString(code === ErrorCodes.NONE ? 'NONE' : `Error ${code}`);
    out.fields
      .int32(node?.nodeId ?? -1)
      .string(node?.host ?? '')
      .int32(node?.port ?? -1);
    return 'answer';
  },
});

function errorOf(
  request: { readonly keyType: number },
  found: NodeAddress | undefined,
  context: RequestContext,
): number {
  const forced = context.forcedError();
  if (forced !== ErrorCodes.NONE) return forced;
  if (request.keyType !== GROUP && request.keyType !== TRANSACTION) return ErrorCodes.INVALID_REQUEST;
  return found === undefined ? ErrorCodes.COORDINATOR_NOT_AVAILABLE : ErrorCodes.NONE;
}
