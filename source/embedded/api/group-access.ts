import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { RequestContext } from '../api.ts';

/**
 * The error code for a request about a group, 0 if this node coordinates it and the id is allowed.
 */
export function groupError(
  groupId: string,
  context: RequestContext,
  options: { readonly emptyIdAllowed?: boolean } = {},
): number {
  if (groupId === '' && options.emptyIdAllowed !== true) return ErrorCodes.INVALID_GROUP_ID;
  return context.cluster.coordinatorOf(groupId)?.nodeId === context.nodeId
    ? ErrorCodes.NONE
    : ErrorCodes.NOT_COORDINATOR;
}
