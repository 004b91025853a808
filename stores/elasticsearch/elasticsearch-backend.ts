import { isUtf8 } from 'node:buffer';
import { isObject } from '../../source/kernel/is-object.ts';
import { messageOf } from '../../source/kernel/thrown-text.ts';
import type { Backend, KeyListing } from '../backend/backend.ts';
import type { FailureReason, Item } from '../backend/item.ts';
import type { BackendCall } from '../backend/backend-call.ts';
import { checkJson, errorOf, parsed, rawAnswer, type Answer } from './elasticsearch-answer.ts';
import { bulkBodies, type Bulk } from './elasticsearch-bulk.ts';
import type { ElasticsearchClient, ElasticsearchRequest } from './elasticsearch-client.ts';
import { explainClientError, explainElasticsearchError, isMissingIndex } from './elasticsearch-errors.ts';
import { listIds } from './elasticsearch-ids.ts';
import { DocumentVersions, unfenced } from './document-versions.ts';
import { objectsOf } from './json-slices.ts';
import type { StoreFence, StoreOwner } from '../store-owner.ts';

/** https://www.elastic.co/guide/en/elasticsearch/reference/8.19/mapping-id-field.html */
const MOST_KEY_BYTES = 512;
/** Elasticsearch's http.max_content_length, less some room for the line before the document. */
const MOST_VALUE_BYTES = 100 * 1024 * 1024 - 4096;
/** The number of keys in one mget. */
const MOST_KEYS = 10_000;
/** The number of requests of one call that are in flight together. */
const MOST_IN_FLIGHT = 4;
/** The server accepts 4 kB for the whole line of a request. */
const MOST_PATH_BYTES = 3_000;

export interface ElasticsearchBackendOptions {
  readonly client: ElasticsearchClient;
  readonly refresh: boolean | 'wait_for';
  readonly maxBulkBytes: number;
  readonly versions: 'fence' | 'internal';
  readonly timeoutMs: number;
}

/** The name of an index. */
export type Index = string;

/**
 * Elasticsearch: documents in indices, only by mget and bulk, whose bodies hold keys of any form.
 */
export class ElasticsearchBackend implements Backend<Index> {
  readonly #options: ElasticsearchBackendOptions;
  readonly #versions = new DocumentVersions();

  constructor(options: ElasticsearchBackendOptions) {
    this.#options = options;
  }

  problemOf(key: string, _index: Index, value?: Buffer): string | undefined {
    const keyBytes = Buffer.byteLength(key);
    if (keyBytes > MOST_KEY_BYTES)
      return `key '${key}' has ${keyBytes} bytes, and Elasticsearch accepts at most ${MOST_KEY_BYTES}.`;
    if (value === undefined) return undefined;
    if (value.length > MOST_VALUE_BYTES)
      return `the value of key '${key}' has ${value.length} bytes, and Elasticsearch accepts at most 100 MB in a request.`;
    const problem = documentProblem(value);
    return problem === undefined
      ? undefined
      : `the value of key '${key}' must be a JSON object, since Elasticsearch stores documents: ${problem}.`;
  }

  async read(call: BackendCall<Index>): Promise<void> {
    const parts: { items: readonly Item<Index>[] }[] = [];
    for (let at = 0; at < call.items.length; at += MOST_KEYS)
      parts.push({ items: call.items.slice(at, at + MOST_KEYS) });
    await inFlight(call, parts, ({ items }) => this.#mget(call, items));
  }

  async write(call: BackendCall<Index>): Promise<void> {
    await this.#change(call, 'index');
  }

  async remove(call: BackendCall<Index>): Promise<void> {
    await this.#change(call, 'delete');
  }

  fence(owner: StoreOwner): StoreFence {
    return this.#options.versions === 'fence' ? this.#versions.fence(owner) : unfenced;
  }

  /** Flushes only these indices; those that do not exist are ignored. */
  async flush(places: readonly Index[], signal: AbortSignal): Promise<void> {
    let names: string[] = [];
    const flushNamed = async () => {
      const path = `/${names.map(encodeURIComponent).join(',')}/_flush`;
      names = [];
      const body = await this.#request(
        { method: 'POST', path, querystring: { ignore_unavailable: 'true' } },
        signal,
      );
      const shards = isObject(body) ? body['_shards'] : undefined;
      if (!isObject(shards) || shards['failed'] !== 0)
        throw new Error(`Elasticsearch did not flush all shards: ${JSON.stringify(body)}`);
    };
    for (const place of places) {
      names.push(place);
      if (names.join(',').length > MOST_PATH_BYTES - 255) await flushNamed();
    }
    if (names.length > 0) await flushNamed();
  }

  async listKeys(index: Index, { request, onKeys }: KeyListing): Promise<void> {
    await listIds(index, (wanted) => request((signal) => this.#request(wanted, signal)), onKeys);
  }

  explain(error: unknown): FailureReason {
    return explainClientError(error);
  }

  async #mget(call: BackendCall<Index>, items: readonly Item<Index>[]): Promise<void> {
    const index = oneIndex(items);
    const { transport } = this.#options.client;
    const { statusCode, body } = await rawAnswer(
      await transport.request(
        {
          method: 'POST',
          path: index === undefined ? '/_mget' : `/${encodeURIComponent(index)}/_mget`,
          body:
            index === undefined
              ? { docs: items.map(({ key, place }) => ({ _index: place, _id: key })) }
              : { ids: items.map(({ key }) => key) },
        },
        { signal: call.end.signal, requestTimeout: this.#requestTimeout, asStream: true, meta: true },
      ),
    );
    if (statusCode >= 300) {
      const reason = explainElasticsearchError(statusCode, errorOf(body), '');
      for (const item of items) call.fail(item, reason);
      return;
    }
    let at = 0;
    for (const doc of objectsOf(body, 'docs', ['error', 'found', '_source'])) {
      const item = items[at++];
      if (item !== undefined) settleDoc(call, item, doc);
    }
  }

  async #change(call: BackendCall<Index>, action: Bulk['action']): Promise<void> {
    const { maxBulkBytes } = this.#options;
    const bulks = bulkBodies(call.items, { action, maxBytes: maxBulkBytes, version: this.#versions.next() });
    await inFlight(call, bulks, (bulk) => this.#bulk(call, bulk));
  }

  async #bulk(call: BackendCall<Index>, { action, items, body }: Bulk): Promise<void> {
    const index = oneIndex(items);
    const { refresh } = this.#options;
    const response = await this.#request(
      {
        method: 'POST',
        path: index === undefined ? '/_bulk' : `/${encodeURIComponent(index)}/_bulk`,
        querystring: {
          filter_path: 'items.*.status,items.*.error,error',
          ...(refresh === false ? {} : { refresh: String(refresh) }),
        },
        bulkBody: body,
      },
      call.end.signal,
    );
    const answers: unknown = isObject(response) ? response['items'] : undefined;
    if (!Array.isArray(answers)) return;
    for (const [at, item] of items.entries()) {
      const answer: unknown = answers[at];
      const outcome = isObject(answer) ? answer[action] : undefined;
      if (!isObject(outcome) || typeof outcome['status'] !== 'number') continue;
      const { status, error } = outcome;
      // A document that does not exist, or has no index, counts as deleted.
      const isGone = action === 'delete' && status === 404;
      if (status < 300 || isGone) call.done(item);
      else
        call.fail(item, explainElasticsearchError(status, error, `index '${item.place}' id '${item.key}' `));
    }
  }

  async #request(request: ElasticsearchRequest, signal: AbortSignal): Promise<unknown> {
    const { transport } = this.#options.client;
    // `meta` is given, so that the answer has this form also where a Transport of the program asks
    // for it by itself.
    const answer = await transport.request(request, {
      signal,
      requestTimeout: this.#requestTimeout,
      meta: true,
    });
    const { headers, body } = answer as Answer<unknown>;
    // A write is answered in JSON, or by nothing.
    if (body !== '') checkJson(headers);
    return body;
  }

  /** Later than the limit of the call, whose error says more. */
  get #requestTimeout(): number {
    return this.#options.timeoutMs + 1_000;
  }
}

function settleDoc(call: BackendCall<Index>, item: Item<Index>, doc: ReadonlyMap<string, Buffer>): void {
  const source = doc.get('_source');
  if (source !== undefined) {
    call.done(item, Buffer.from(source));
    return;
  }
  const error = parsed(doc.get('error'));
  const subject = `index '${item.place}' id '${item.key}' `;
  if (isMissingIndex(error)) call.done(item);
  else if (error !== undefined) {
    // An error of a single document comes without a status.
    call.fail(item, explainElasticsearchError(undefined, error, subject));
  } else if (doc.get('found')?.toString() !== 'true') call.done(item);
  else
    call.fail(item, {
      text: `${subject}has no _source: enable it in the mapping of the index`,
      retriable: false,
    });
}

/**
 * Runs the requests of a call, several in parallel. Each keeps its own failure, so that it is known
 * what the others did.
 */
async function inFlight<Part extends { readonly items: readonly Item<Index>[] }>(
  call: BackendCall<Index>,
  parts: readonly Part[],
  work: (part: Part) => Promise<void>,
): Promise<void> {
  const rest = parts.values();
  const worker = async () => {
    for (const part of rest) {
      if (call.end.isReached) return;
      try {
        await work(part);
      } catch (error) {
        // If the limit of the call is over, it has already failed everything that is left.
        const reason = explainClientError(error);
        for (const item of part.items) call.fail(item, reason);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(MOST_IN_FLIGHT, parts.length) }, worker));
}

/** The index of all items; undefined if they are in several. */
function oneIndex(items: readonly Item<Index>[]): Index | undefined {
  const first = items[0]?.place;
  return items.every(({ place }) => place === first) ? first : undefined;
}

function documentProblem(value: Buffer): string | undefined {
  if (!isUtf8(value)) return 'it is not UTF-8';
  let document: unknown;
  try {
    document = JSON.parse(value.toString());
  } catch (error) {
    return messageOf(error);
  }
  if (isObject(document) && !Array.isArray(document)) return undefined;
  return `it is ${Array.isArray(document) ? 'an array' : JSON.stringify(document).slice(0, 40)}`;
}
