import { Client } from '@elastic/elasticsearch';
import { MultiElasticsearchStore } from '../../../stores/index.ts';
import { elasticsearchValues } from './elasticsearch-values.ts';
import type { Sum } from './sum.ts';
import { tenants } from './tenants.ts';

const TIMEOUT_MS = 5_000;

/** Sums of tenants in an Elasticsearch, in an index for each. */
export const tenantsElasticsearch = tenants({
  name: 'tenants-elasticsearch',
  services: ['elasticsearch'],
  open(worker) {
    const client = new Client({ node: worker.elasticsearchUrl ?? '' });
    return {
      store: new MultiElasticsearchStore({
        client,
        tenancy: (tenant) => ({ index: `${worker.prefix}-sums-${tenant}` }),
        timeoutMs: TIMEOUT_MS,
      }),
      close: () => void client.close(),
    };
  },
  stored(run) {
    const before = `${run.prefix}-sums-`;
    return elasticsearchValues<Sum>(run, `${before}*`, (index, id) => `${index.slice(before.length)}/${id}`);
  },
});
