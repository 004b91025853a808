import { checkArguments, loggerArgument } from '../../source/kernel/check-arguments.ts';
import { limitRepeats } from '../../source/kernel/limit-repeats.ts';
import type { Logger } from '../../source/kernel/logger.ts';
import { hasMethods, isObject } from '../../source/kernel/is-object.ts';
import { hideSecrets } from '../../source/kernel/secrets.ts';

/**
 * What is used of a `Client` of `@elastic/elasticsearch` (8 or 9) to follow its requests and nodes.
 */
export interface ElasticsearchEmitter {
  readonly diagnostic: {
    /** Calls `listener` at each event. */
    on(event: 'response' | 'resurrect', listener: (error: unknown, result: unknown) => void): unknown;
    /** Stops calling it. */
    off(event: 'response' | 'resurrect', listener: (error: unknown, result: unknown) => void): unknown;
  };
}

/** Errors of the client that mean that no complete answer came. */
const noAnswer: readonly string[] = [
  'ConnectionError',
  'NoLivingConnectionsError',
  'TimeoutError',
  'DeserializationError',
];

/**
 * Sends what a client of Elasticsearch reports about its nodes to a logger, in lines with
 * `component: 'elasticsearch'`. Requests without an answer, all retries included, and nodes that
 * are still dead are logged as warn. Nodes that answer again are logged as info. Answers that are
 * errors (a missing index, 429) are logged as debug, since they reach the caller. URLs are shown
 * without user and password, headers not at all. Repeats are limited as by `limitRepeats`.
 *
 * @throws ConfigError for what is no client or no Logger
 * @returns stops it, and logs how many repeats were held back
 */
export function logElasticsearchEvents(client: ElasticsearchEmitter, logger: Logger): () => void {
  const diagnostic: unknown = isObject(client) ? client.diagnostic : undefined;
  checkArguments(
    'logElasticsearchEvents',
    [
      isObject(diagnostic) && hasMethods(diagnostic, ['on', 'off']),
      'the client must be a Client of @elastic/elasticsearch',
      client,
    ],
    loggerArgument(logger),
  );
  const log = limitRepeats(logger.child({ component: 'elasticsearch' }));
  const onResponse = (error: unknown, result: unknown) => {
    if (!(error instanceof Error)) return;
    const fields = { node: nodeOf(result), error: hideSecrets(`${error.name}: ${error.message}`) };
    if (noAnswer.includes(error.name)) log.warn('Elasticsearch did not answer a request', fields);
    else log.debug('Elasticsearch answered with an error', fields);
  };
  const onResurrect = (_error: unknown, result: unknown) => {
    const node = nodeOf(result);
    const isAlive = isObject(result) && result['isAlive'] === true;
    if (!isAlive) log.warn('A node of Elasticsearch still does not answer', { node });
    // The optimistic strategy has not asked it yet.
    else if (isObject(result) && result['strategy'] === 'ping')
      log.info('A node of Elasticsearch answers again', { node });
    else log.debug('A node of Elasticsearch is tried again', { node });
  };
  client.diagnostic.on('response', onResponse);
  client.diagnostic.on('resurrect', onResurrect);
  return () => {
    client.diagnostic.off('response', onResponse);
    client.diagnostic.off('resurrect', onResurrect);
    log.close();
  };
}

/** The address of the node that was asked; the client keeps it in a `connection`. */
function nodeOf(result: unknown): string | undefined {
  if (!isObject(result)) return undefined;
  const { meta, connection = isObject(meta) ? meta['connection'] : undefined } = result;
  const url = isObject(connection) ? connection['url'] : undefined;
  return url instanceof URL ? url.host : undefined;
}
