import { hasMethods, isObject } from '../../source/kernel/is-object.ts';
import type { ElasticsearchBackendOptions } from './elasticsearch-backend.ts';
import type { ElasticsearchClient } from './elasticsearch-client.ts';
import { checkOptions, oneOf, timeLimit, wholeNumber, type OptionCheck } from '../backend/store-options.ts';

/** What {@link ElasticsearchStore} and {@link MultiElasticsearchStore} have in common. */
export interface ElasticsearchOptions {
  /**
   * A `Client` of @elastic/elasticsearch, version 8 or 9. You create, configure and close it. It
   * retries and reconnects by itself, within `timeoutMs`.
   */
  readonly client: ElasticsearchClient;
  /**
   * When writes become visible to searches (the store itself does not need that). `false`: within
   * the index's refresh interval; `true`: immediately, which is expensive; `'wait_for'`: before the
   * call resolves. Default false.
   */
  readonly refresh?: boolean | 'wait_for';
  /**
   * A bulk request is split before it exceeds this size; at least 1, at most 100 MB. Default 8 MiB.
   */
  readonly maxBulkBytes?: number;
  /**
   * What version a written document gets in a run. `'fence'`: an external one that no former owner of
   * the partitions can have (`version_type: external_gte`), so that what a dead process began to write
   * does not come after newer values. A document must then be written by one process at a time, as
   * it is where a key belongs to one partition. `'internal'`: Elasticsearch counts, and what comes
   * last wins. Default 'fence'.
   */
  readonly versions?: 'fence' | 'internal';
  /**
   * Milliseconds that a call, with all its requests, may take before it fails with a StoreError.
   * Default 30,000.
   */
  readonly timeoutMs?: number;
}

const commonChecks: Readonly<Record<string, OptionCheck>> = {
  client: (value) =>
    isObject(value) && isObject(value['transport']) && hasMethods(value['transport'], ['request'])
      ? undefined
      : 'must be a Client of @elastic/elasticsearch',
  refresh: oneOf(false, true, 'wait_for'),
  maxBulkBytes: wholeNumber(1, 100 * 1024 * 1024),
  versions: oneOf('fence', 'internal'),
  timeoutMs: timeLimit,
};

/** @throws ConfigError */
export function elasticsearchBackendOptions(
  what: string,
  options: ElasticsearchOptions,
  checks: Readonly<Record<string, OptionCheck>>,
): ElasticsearchBackendOptions {
  checkOptions(what, options, { ...checks, ...commonChecks });
  const {
    client,
    refresh = false,
    maxBulkBytes = 8 * 1024 * 1024,
    versions = 'fence',
    timeoutMs = 30_000,
  } = options;
  return { client, refresh, maxBulkBytes, versions, timeoutMs };
}

/**
 * Why a value is not the name of one index: a pattern or a list would reach the indices of others.
 *
 * @see https://www.elastic.co/guide/en/elasticsearch/reference/8.19/indices-create-index.html
 */
export function indexProblem(name: unknown): string | undefined {
  if (typeof name !== 'string' || name === '') return 'must be a non-empty string';
  const isName =
    name === name.toLowerCase() &&
    !/[\\/*?"<>| ,#:\p{Cc}\p{Surrogate}]|^[-_+]|^\.\.?$/u.test(name) &&
    Buffer.byteLength(name) <= 255;
  if (isName) return undefined;
  return `must be the name of one index (small letters, no \\ / * ? " < > | , # : or blank, not with - _ or + first, at most 255 bytes), not '${name}'`;
}
