import {
  ElasticsearchStore,
  logElasticsearchEvents,
  MultiElasticsearchStore,
} from '../../../stores/index.ts';
import { StoreError } from '../../index.ts';
import { clientPackage } from './client-package.ts';
import type { OpenedStores, StoreUser } from './store-connection.ts';
import { withoutSecrets } from '../settings/store-flags.ts';
import { messageOf } from '../../kernel/thrown-text.ts';

/** How long the first answer may take. */
const ANSWER_WITHIN_MS = 10_000;

/**
 * Stores in the Elasticsearch of this URL: the index `topicProcessorName-name`, and for tenants
 * `topicProcessorName-name-tenant`, which must then be names of an index (small letters).
 *
 * @throws ConfigError without the client's package, StoreError if the cluster does not answer
 */
export async function openElasticsearchStores(
  url: URL,
  { topicProcessorName, logger }: StoreUser,
): Promise<OpenedStores> {
  const { Client } = await clientPackage('@elastic/elasticsearch', () => import('@elastic/elasticsearch'));
  const where = withoutSecrets(url);
  const client = new Client({ node: url.href });
  try {
    // Not ping: some servers deny access to the page that it asks for.
    await client.cluster.health({}, { requestTimeout: ANSWER_WITHIN_MS, maxRetries: 0 });
  } catch (cause) {
    await client.close();
    throw new StoreError(
      `Elasticsearch at ${where} could not be reached: ${messageOf(cause)}. Check --store-url, and whether the cluster runs there`,
      { store: 'Elasticsearch', operation: 'connect', cause, retriable: true },
    );
  }
  const endLog = logElasticsearchEvents(client, logger.child({ where }));
  const indexOf = (name: string) => `${topicProcessorName}-${name}`;
  return {
    what: `Elasticsearch at ${where}`,
    store: (name) => new ElasticsearchStore({ client, index: indexOf(name) }),
    multiStore: (name) =>
      new MultiElasticsearchStore({ client, tenancy: (tenant) => ({ index: `${indexOf(name)}-${tenant}` }) }),
    [Symbol.asyncDispose]: () => {
      endLog();
      return client.close();
    },
  };
}
