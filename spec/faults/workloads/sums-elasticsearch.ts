import { Client } from '@elastic/elasticsearch';
import { ElasticsearchStore } from '../../../stores/index.ts';
import { elasticsearchValues } from './elasticsearch-values.ts';
import type { Sum } from './sum.ts';
import { sums } from './sums.ts';

const TIMEOUT_MS = 5_000;

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
  stored: (run) => elasticsearchValues<Sum>(run, `${run.prefix}-sums`),
});
