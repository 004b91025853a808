import { Client } from '@elastic/elasticsearch';
import { json, prefetch, withCodec } from '../../../source/index.ts';
import { ElasticsearchStore } from '../../../stores/index.ts';
import { countSums, keyText as keyOf, recordsByKey } from '../input-records.ts';
import type { Job } from './job.ts';

const INDEX = 'counts';
const TIMEOUT_MS = 120_000;

interface Count {
  readonly count: number;
}

/** Counts the records of each key in documents of Elasticsearch, with one mget and one bulk a batch. */
export const countElasticsearch: Job = {
  name: 'count-elasticsearch',
  title: 'count the records of each key in Elasticsearch, four partitions at a time',
  value: 'text',
  inputs: 1,
  concurrency: 4,
  mostRecords: 100_000,
  mostKeys: 10_000,
  expectedSums: () => ({}),
  store: {
    server: 'elasticsearch',
    async storedSums({ port }, keys) {
      const client = clientOn(port);
      const found = await countsOn(client).getAll(Array.from({ length: keys }, (_, index) => keyOf(index)));
      await client.close();
      return countSums([...found].map(([key, { count }]) => [key, count]));
    },
    expectedSums: (inputs) => countSums(inputs.flatMap((input) => [...recordsByKey(input).entries()])),
  },
  kasper({ port }) {
    const client = clientOn(port);
    return {
      processor: prefetch(
        countsOn(client),
        ({ keyText }) => keyText,
        (messages, _sender, view) => {
          for (const { keyText } of messages)
            if (keyText !== null) view.set(keyText, { count: (view.get(keyText)?.count ?? 0) + 1 });
        },
      ),
      close: () => client.close(),
    };
  },
};

function clientOn(port: number): Client {
  return new Client({ node: `http://127.0.0.1:${port}` });
}

function countsOn(client: Client) {
  return withCodec(new ElasticsearchStore({ client, index: INDEX, timeoutMs: TIMEOUT_MS }), json<Count>());
}
