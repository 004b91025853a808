import { isObject } from '../../source/kernel/is-object.ts';
import type { ElasticsearchRequest } from './elasticsearch-client.ts';

/** Elasticsearch's index.max_result_window. */
const IDS_AT_ONCE = 10_000;
/** For how long the server keeps the point in time after each request. */
const KEEP_ALIVE = '1m';

/**
 * Reads the ids of all documents of an index, as it is after a refresh, in the order in which the
 * shards hold them. A missing index has none.
 *
 * @see
 * https://www.elastic.co/guide/en/elasticsearch/reference/8.19/paginate-search-results.html#search-after
 */
export async function listIds(
  index: string,
  request: (request: ElasticsearchRequest) => Promise<unknown>,
  onIds: (ids: readonly string[]) => void,
): Promise<void> {
  const path = `/${encodeURIComponent(index)}`;
  const unlessMissing = { ignore_unavailable: 'true' };
  // Makes what was written visible to searches.
  await request({ method: 'POST', path: `${path}/_refresh`, querystring: unlessMissing });
  const opened = await request({
    method: 'POST',
    path: `${path}/_pit`,
    querystring: { ...unlessMissing, keep_alive: KEEP_ALIVE },
  });
  let id = textOf(opened, 'id');
  try {
    let after: unknown;
    for (;;) {
      const page = await request({
        method: 'POST',
        path: '/_search',
        querystring: {
          allow_partial_search_results: 'false',
          filter_path: 'pit_id,hits.hits._id,hits.hits.sort',
        },
        body: {
          size: IDS_AT_ONCE,
          _source: false,
          track_total_hits: false,
          pit: { id, keep_alive: KEEP_ALIVE },
          sort: [{ _shard_doc: 'asc' }],
          ...(after === undefined ? {} : { search_after: after }),
        },
      });
      id = textOf(page, 'pit_id');
      const hits = hitsOf(page);
      onIds(hits.map((hit) => textOf(hit, '_id')));
      const last = hits.at(-1);
      if (!isObject(last) || hits.length < IDS_AT_ONCE) return;
      after = last['sort'];
    }
  } finally {
    // Otherwise it would expire by itself; a failure here must not hide the error that came before.
    await request({ method: 'DELETE', path: '/_pit', body: { id } }).catch(() => undefined);
  }
}

function hitsOf(page: unknown): readonly unknown[] {
  const hits = isObject(page) && isObject(page['hits']) ? page['hits']['hits'] : undefined;
  return Array.isArray(hits) ? hits : [];
}

function textOf(answer: unknown, field: string): string {
  const value = isObject(answer) ? answer[field] : undefined;
  if (typeof value === 'string') return value;
  throw new Error(`Elasticsearch returned no ${field}: ${JSON.stringify(answer)}`);
}
