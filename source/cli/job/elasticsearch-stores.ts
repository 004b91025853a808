import {
  ElasticsearchStore,
  logElasticsearchEvents,
  MultiElasticsearchStore,
} from '../../../stores/index.ts';
import { StoreError } from '../../index.ts';
import { clientPackage } from './client-package.ts';
import { firstAnswer } from './first-answer.ts';
import type { OpenedStores, StoreUser } from './store-connection.ts';
import { withoutSecrets } from '../settings/store-flags.ts';
import { messageOf } from '../../kernel/thrown-text.ts';

/**
 * How long closing may take: it waits for requests in flight, also for those that a run has given
 * up, and a server that does not answer keeps them.
 */
const CLOSE_WITHIN_MS = 1_000;

/**
 * Stores in the Elasticsearch of this URL: the index `topicProcessorName-name`, and for tenants
 * `topicProcessorName-name-tenant`, which must then be names of an index (small letters).
 *
 * @throws ConfigError without the client's package, StoreError if the cluster does not answer, and the
 *   reason of the signal when that is aborted
 */
export async function openElasticsearchStores(url: URL, user: StoreUser): Promise<OpenedStores> {
  const { topicProcessorName, logger } = user;
  const { Client } = await clientPackage('@elastic/elasticsearch', () => import('@elastic/elasticsearch'));
  const where = withoutSecrets(url);
  const client = new Client({ node: url.href });
  try {
    // Not ping: some servers deny access to the page that it asks for.
    await firstAnswer(user, (signal) => client.cluster.health({}, { signal, maxRetries: 0 }));
  } catch (cause) {
    await closed(client);
    if (user.signal.aborted) throw cause;
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
      return closed(client);
    },
  };
}

async function closed(client: { close(): Promise<void> }): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_WITHIN_MS);
  });
  await Promise.race([client.close(), tooLate]);
  clearTimeout(timer);
}
