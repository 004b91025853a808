import { KasperError } from '../kernel/errors.ts';
import { isObject } from '../kernel/is-object.ts';
import { readOr } from '../kernel/read-or.ts';

const CODES =
  /^(UND_ERR_\w+|ECONNREFUSED|ECONNRESET|ECONNABORTED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|E(HOST|NET)(UNREACH|DOWN)|ENETRESET|EADDRNOTAVAIL|ABORT_ERR)$/;

/**
 * `TimeoutError` is the reason of AbortSignal.timeout. Those after it are of ioredis and of the client
 * of Elasticsearch: they have no code, and no cause.
 */
const NAMES =
  /^(AbortError|TimeoutError|MaxRetriesPerRequestError|ClusterAllFailedError|ConnectionError|NoLivingConnectionsError)$/;

/** How errors of ioredis begin that have no name of their own. */
const TEXTS =
  /^(Connection is closed|Command timed out|(Stream|Cluster) isn't (writeable|ready) and |None of startup nodes is available)/;

/** How a Redis begins its answer that serves nobody now (`ReplyError`). */
const REPLIES = /^(LOADING|READONLY|OOM|MISCONF|NOREPLICAS|MASTERDOWN|BUSY|TRYAGAIN|CLUSTERDOWN) /;

/** HTTP's for too many requests, and for a server that is away, as Elasticsearch's `ResponseError` has them. */
const STATUSES: readonly unknown[] = [429, 502, 503, 504];

/** Whether an error says that a server is away, whichever message asked it. Its causes are not looked at. */
export function isOutage(error: unknown): boolean {
  if (KasperError.is(error)) return error.retriable || error.code === 'FENCED' || error.code === 'TIMEOUT';
  return readOr(false, () => {
    if (!isObject(error)) return false;
    const { code, name, message } = error;
    if (typeof code === 'string' && CODES.test(code)) return true;
    if (typeof name !== 'string') return false;
    if (NAMES.test(name)) return true;
    if (name === 'ResponseError') return STATUSES.includes(error['statusCode']);
    if (typeof message !== 'string') return false;
    return (name === 'Error' && TEXTS.test(message)) || (name === 'ReplyError' && REPLIES.test(message));
  });
}
