import { ErrorCodes } from '../../wire/error-codes.ts';
import type { BrokerLink } from './broker-link.ts';
import type { ClusterConnection } from './cluster-connection.ts';
import { brokerError } from '../protocol/broker-errors.ts';
import type { CoordinatorOf } from '../protocol/find-coordinator.ts';
import type { RawRequest } from './raw-call.ts';
import { wrapError } from './wrap-error.ts';

/** After these another broker, or nobody yet, is the coordinator. */
const COORDINATOR_CODES = new Set<number>([
  ErrorCodes.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCodes.COORDINATOR_NOT_AVAILABLE,
  ErrorCodes.NOT_COORDINATOR,
]);

/** Whose coordinator a request goes to. */
export interface Coordinator {
  readonly of: CoordinatorOf;
  readonly id: string;
}

export interface CoordinatorRequest {
  /** By when it must be sent; default: the deadline of one request. */
  readonly withinMs?: number;
  /** Called before it is sent. @throws why that broker is not asked */
  readonly admit?: (link: BrokerLink, nodeId: number) => void;
}

/**
 * One request to a coordinator. After any failure the coordinator is looked up again: it may have
 * moved, and that broker is suspect.
 *
 * @throws KasperError where there is no answer: it may have been done all the same
 */
export async function askCoordinator<Answer>(
  cluster: ClusterConnection,
  { of, id }: Coordinator,
  request: RawRequest<Answer>,
  { withinMs, admit }: CoordinatorRequest = {},
): Promise<Answer> {
  const { watch, deadlines } = cluster;
  const { requestMs } = deadlines;
  const until = watch.now() + (withinMs ?? requestMs);
  const where = `${request.apiName} of ${of} ${id}`;
  try {
    const nodeId = await cluster.coordinatorOf(id, requestMs, of);
    if (admit !== undefined) {
      const tooLate = () => watch.tooLate(`Broker ${nodeId} could not be connected to in time (${where})`);
      admit(await watch.within(Math.max(1, until - watch.now()), tooLate, cluster.link(nodeId)), nodeId);
    }
    return await cluster.call(nodeId, request, { ms: requestMs, connectMs: until - watch.now() });
  } catch (thrown) {
    cluster.forgetCoordinator(id, of);
    throw wrapError(thrown, where);
  }
}

/** Looks a coordinator up again where its answer says that it is none. */
export function heedCode(cluster: ClusterConnection, { of, id }: Coordinator, code: number): void {
  if (COORDINATOR_CODES.has(code)) cluster.forgetCoordinator(id, of);
}

/** @throws BrokerError for a code other than 0 */
export function judgeCode(
  cluster: ClusterConnection,
  coordinator: Coordinator,
  code: number,
  what: string,
): void {
  if (code === ErrorCodes.NONE) return;
  heedCode(cluster, coordinator, code);
  throw brokerError(code, what);
}
