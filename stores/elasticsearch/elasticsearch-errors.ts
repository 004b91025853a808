import { isObject } from '../../source/kernel/is-object.ts';
import { messageOf } from '../../source/kernel/thrown-text.ts';
import type { FailureReason } from '../backend/item.ts';

/** For a full queue, the server lists everything that is in it. */
const LONGEST_REASON = 300;

interface ErrorRow {
  /** The type that Elasticsearch gives; undefined matches any. */
  readonly type?: string;
  readonly status?: number;
  readonly retriable: boolean;
  readonly reason: string;
}

/**
 * Errors of Elasticsearch, and whether the same call may succeed when it is repeated without any
 * change. The first row that matches counts; an error that matches none is not retriable.
 *
 * @see https://www.elastic.co/guide/en/elasticsearch/reference/8.19/docs-bulk.html
 */
export const elasticsearchErrorRows: readonly ErrorRow[] = [
  {
    type: 'cluster_block_exception',
    status: 429,
    retriable: true,
    reason: 'the disk is too full (flood stage): the block is lifted when there is room again',
  },
  {
    type: 'cluster_block_exception',
    status: 403,
    retriable: false,
    reason: 'the index is read-only or closed to writes until somebody changes that',
  },
  {
    type: 'cluster_block_exception',
    status: 503,
    retriable: true,
    reason: 'the cluster has no master, or has not recovered yet',
  },
  { type: 'es_rejected_execution_exception', retriable: true, reason: 'too many requests are queued' },
  { type: 'circuit_breaking_exception', retriable: true, reason: 'the server is short of memory' },
  {
    type: 'version_conflict_engine_exception',
    retriable: false,
    reason:
      "a later owner has written the document: this process was replaced, or a key belongs to several partitions (then set versions to 'internal')",
  },
  {
    type: 'unavailable_shards_exception',
    retriable: true,
    reason: 'a shard is not available yet, or no longer',
  },
  { type: 'no_shard_available_action_exception', retriable: true, reason: 'no copy of the shard answers' },
  { type: 'process_cluster_event_timeout_exception', retriable: true, reason: 'the master is slow' },
  {
    type: 'document_parsing_exception',
    retriable: false,
    reason: 'the document does not fit the mapping of the index',
  },
  {
    type: 'mapper_parsing_exception',
    retriable: false,
    reason: 'the document does not fit the mapping of the index',
  },
  {
    type: 'strict_dynamic_mapping_exception',
    retriable: false,
    reason: 'the mapping of the index allows no new fields',
  },
  {
    type: 'illegal_argument_exception',
    retriable: false,
    reason: 'for example, a limit of the mapping is reached',
  },
  {
    type: 'index_not_found_exception',
    retriable: false,
    reason: 'the index does not exist, and a write may not create it (action.auto_create_index)',
  },
  { type: 'index_closed_exception', retriable: false, reason: 'the index is closed' },
  { type: 'security_exception', retriable: false, reason: 'the user is not allowed to do this' },
  { status: 401, retriable: false, reason: 'the client must log in' },
  { status: 403, retriable: false, reason: 'the user is not allowed to do this' },
  { status: 408, retriable: true, reason: 'the server stopped waiting' },
  {
    status: 413,
    retriable: false,
    reason: 'the request is larger than http.max_content_length: lower maxBulkBytes',
  },
  { status: 429, retriable: true, reason: 'too many requests' },
  { status: 502, retriable: true, reason: 'a proxy could not reach the server' },
  { status: 503, retriable: true, reason: 'the server is not ready' },
  { status: 504, retriable: true, reason: 'a proxy waited too long for the server' },
];

/**
 * Errors that the client itself makes, by name: the server could not be reached, or did not answer
 * in full.
 */
const connectionErrors: readonly string[] = [
  'ConnectionError',
  'NoLivingConnectionsError',
  'TimeoutError',
  'RequestAbortedError',
];

/** An answer that is no JSON. */
export class AnswerError extends Error {
  constructor(type: string) {
    super(
      `the answer is ${type}, not JSON: remove accept from the headers of the client, or look at what answers at its address`,
    );
  }
}

/** What an error object of a response, or of one of its items, means. */
export function explainElasticsearchError(
  status: number | undefined,
  error: unknown,
  subject: string,
): FailureReason {
  const { type, reason } = typeAndReason(error);
  const row = elasticsearchErrorRows.find(
    (candidate) =>
      (candidate.type === undefined || candidate.type === type) &&
      (candidate.status === undefined || candidate.status === status),
  );
  const meaning = row === undefined ? '' : ` (${row.reason})`;
  return {
    text: `${subject}${status === undefined ? '' : `status ${status} `}${type}${reason === '' ? '' : `: ${reason}`}${meaning}`,
    retriable: row?.retriable ?? false,
  };
}

/** What an error thrown by the client means. */
export function explainClientError(error: unknown): FailureReason {
  const message = messageOf(error);
  if (!(error instanceof Error)) return { text: message, retriable: false, cause: error };
  if (error.name === 'ResponseError' && 'statusCode' in error && typeof error.statusCode === 'number') {
    const body: unknown = 'body' in error ? error.body : undefined;
    const inner = isObject(body) ? body['error'] : undefined;
    return { ...explainElasticsearchError(error.statusCode, inner, ''), cause: error };
  }
  // The server has answered, but what it did cannot be known.
  if (error instanceof AnswerError || error.name === 'DeserializationError')
    return { text: message, retriable: false, isUnknown: true, cause: error };
  if (error.name === 'RequestAbortedError' && message.startsWith('The content length')) {
    const text = `${message} (maxResponseSize or maxCompressedResponseSize of the client; the same call would fail again)`;
    return { text, retriable: false, isUnknown: true, cause: error };
  }
  // A stream that breaks off gives an error with a code of the system, such as ECONNRESET.
  const isConnection = connectionErrors.includes(error.name) || 'code' in error;
  if (!isConnection) return { text: message, retriable: false, cause: error };
  return {
    text: `no answer from Elasticsearch: ${message} (the client reconnects with the next request)`,
    retriable: true,
    isUnknown: true,
    cause: error,
  };
}

export function isMissingIndex(error: unknown): boolean {
  return typeAndReason(error).type === 'index_not_found_exception';
}

function typeAndReason(error: unknown): { readonly type: string; readonly reason: string } {
  if (!isObject(error)) return { type: typeof error === 'string' ? error : '', reason: '' };
  const { type, reason, caused_by: cause } = error;
  const deeper = isObject(cause) && typeof cause['reason'] === 'string' ? `: ${cause['reason']}` : '';
  const whole = (typeof reason === 'string' ? reason : '') + deeper;
  return {
    type: typeof type === 'string' ? type : '',
    reason: whole.length > LONGEST_REASON ? `${whole.slice(0, LONGEST_REASON)}…` : whole,
  };
}
