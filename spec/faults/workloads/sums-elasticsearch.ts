import { Client } from '@elastic/elasticsearch';
import { ElasticsearchStore } from '../../../stores/index.ts';
import type { FinishedRun } from '../finished-run.ts';
import type { Sum } from './sum.ts';
import { sums } from './sums.ts';

const TIMEOUT_MS = 5_000;
/** More than there are keys. */
const MOST_DOCUMENTS = 10_000;

/** Sums in an Elasticsearch. */
export const sumsElasticsearch = sums({
  name: 'sums-elasticsearch',
  services: ['elasticsearch'],
  open(worker) {
    const client = new Client({ node: worker.elasticsearchUrl ?? '' });
    const index = `${worker.prefix}-sums`;
    return {
      store: new ElasticsearchStore({ client, index, timeoutMs: TIMEOUT_MS }),
      close: () => void client.close(),
    };
  },
  stored,
});

async function stored({ elasticsearchUrl, prefix }: FinishedRun): Promise<ReadonlyMap<string, Sum>> {
  const client = new Client({ node: elasticsearchUrl ?? '' });
  const index = `${prefix}-sums`;
  try {
    await client.indices.refresh({ index });
    const { hits } = await client.search<Sum>({ index, size: MOST_DOCUMENTS, query: { match_all: {} } });
    return new Map(hits.hits.flatMap(({ _id, _source }) => (_source && _id ? [[_id, _source]] : [])));
  } finally {
    await client.close();
  }
}
