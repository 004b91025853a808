/**
 * State for many tenants in one job: a MultiStore keeps each tenant's keys apart, and still reads
 * and writes a batch of all of them in one call.
 *
 * node dist/scripts/examples/10-many-tenants.js --brokers localhost:9092 --redis
 * redis://localhost:6379
 */
// needs: redis-server
import { int64, prefetch, TopicProcessor, withCodec } from 'kasper-ts';
import { MultiRedisStore } from 'kasper-ts/stores';
import { exampleKafka, fillTopic } from './cluster.ts';
import { exampleRedis } from './servers.ts';

await using kafka = await exampleKafka();
await using redis = await exampleRedis();
const tenants = Array.from({ length: 20 }, (_, n) => `tenant-${n + 1}`);
await fillTopic(
  kafka,
  'meter-readings',
  4,
  tenants.flatMap((tenant, n) =>
    Array.from({ length: 100 }, (_, at) => ({ key: `${tenant}/meter-${at % 10}`, value: String(n + at) })),
  ),
);

// The key in Redis is such as `tenant-3/meters/meter-7`: the tenant, what tenancy gives, the key.
const meters = withCodec(
  new MultiRedisStore({ client: redis.client, tenancy: () => ({ keyPrefix: 'meters' }) }),
  int64,
);

/** Which tenant's which meter a message is about. */
function meterOf(key: string | null): { tenant: string; key: string } {
  const [tenant = '', meter = ''] = (key ?? '').split('/');
  return { tenant, key: meter };
}

// The highest reading of each meter: it may be applied twice, so it needs no offsets.
const highest = prefetch(
  meters,
  ({ keyText }) => meterOf(keyText),
  (messages, _sender, view) => {
    for (const { keyText, valueText } of messages) {
      const { tenant, key } = meterOf(keyText);
      const reading = Number(valueText);
      if (reading > (view.get(tenant, key) ?? -1)) view.set(tenant, key, reading);
    }
  },
);

const processor = new TopicProcessor(
  {
    topicProcessorName: 'highest-readings',
    client: { brokers: kafka.brokers },
    inputTopics: ['meter-readings'],
    inputPartitions: [0, 1, 2, 3],
    stores: { meters },
  },
  highest,
);
const { records, batches } = await processor.runToEnd();
console.log(`${records} readings of ${tenants.length} tenants in ${batches} batches`);
for (const tenant of ['tenant-1', 'tenant-20'])
  console.log(`${tenant}: meter-9 reads ${(await meters.tenant(tenant).get('meter-9')) ?? 0}`);

// expected: tenant-20: meter-9 reads 118
