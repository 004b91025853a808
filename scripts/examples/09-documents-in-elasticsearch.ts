/**
 * Documents joined into Elasticsearch: customers and their orders, of two topics with one key, come
 * together in one document, which can then be searched for.
 *
 * node dist/scripts/examples/09-documents-in-elasticsearch.js --brokers localhost:9092
 * --elasticsearch http://localhost:9200
 */
// needs: java mvn
import { json, prefetch, TopicProcessor, withCodec } from 'kasper-ts';
import { ElasticsearchStore } from 'kasper-ts/stores';
import { exampleKafka, fillTopic } from './cluster.ts';
import { exampleElasticsearch } from './servers.ts';

await using kafka = await exampleKafka();
await using elasticsearch = await exampleElasticsearch();
console.log(`joining into ${elasticsearch.what}`);
await fillTopic(kafka, 'shop-customers', 2, [
  { key: 'ann', value: '{"name":"Ann","city":"Oslo"}' },
  { key: 'bob', value: '{"name":"Bob","city":"Rome"}' },
]);
await fillTopic(kafka, 'shop-orders', 2, [
  { key: 'ann', value: '{"order":1,"amount":20}' },
  { key: 'bob', value: '{"order":2,"amount":7}' },
  { key: 'ann', value: '{"order":3,"amount":5}' },
]);

interface Customer {
  readonly name?: string;
  readonly city?: string;
  /** By order, so that one that is reprocessed replaces itself. */
  readonly orders: Readonly<Record<string, number>>;
  readonly total: number;
}

const customers = withCodec(
  // wait_for: a search after the run finds everything.
  new ElasticsearchStore({ client: elasticsearch.client, index: 'shop-customers', refresh: 'wait_for' }),
  json<Customer>(),
);

const join = prefetch(
  customers,
  ({ keyText }) => keyText,
  (messages, _sender, view) => {
    for (const { topic, keyText, valueText } of messages) {
      if (keyText === null || valueText === null) continue;
      const customer: Customer = view.get(keyText) ?? { orders: {}, total: 0 };
      if (topic === 'shop-customers') {
        view.set(keyText, { ...customer, ...(JSON.parse(valueText) as { name: string; city: string }) });
        continue;
      }
      const { order, amount } = JSON.parse(valueText) as { order: number; amount: number };
      const orders: Record<string, number> = { ...customer.orders, [order]: amount };
      const total = Object.values(orders).reduce((sum, one) => sum + one, 0);
      view.set(keyText, { ...customer, orders, total });
    }
  },
);

const processor = new TopicProcessor(
  {
    topicProcessorName: 'join-customers',
    client: { brokers: kafka.brokers },
    inputTopics: ['shop-customers', 'shop-orders'],
    inputPartitions: [0, 1],
    // Before each commit the index is flushed: its documents then survive a power cut of all nodes,
    // too.
    stores: { customers: { store: customers, flush: true } },
  },
  join,
);
await processor.runToEnd();

const found = await elasticsearch.client.search<Customer>({
  index: 'shop-customers',
  query: { range: { total: { gte: 10 } } },
});
for (const { _id, _source } of found.hits.hits)
  console.log(`${_id ?? ''} of ${_source?.city ?? '?'} ordered for ${_source?.total ?? 0}`);

// expected: ann of Oslo ordered for 25
