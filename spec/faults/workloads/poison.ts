import type { Redis } from 'ioredis';
import {
  deadLetter,
  deduplicate,
  defineJob,
  eachMessage,
  retry,
  UnrecoverableError,
  type ConsumerMessage,
  type ProcessContext,
} from '../../../source/index.ts';
import { RedisStore, type Store } from '../../../stores/index.ts';
import { noDeadLettersInOutage } from '../invariants/no-dead-letters-in-outage.ts';
import { poisonDeadLettered } from '../invariants/poison-dead-lettered.ts';
import type { Workload } from '../workload.ts';
import { originHeaders, originOf, placeOf } from './origin.ts';
import { MAX_RECORD_BYTES, poisonKinds, poisonOrOrder, type Order, type Thrown } from './poison-records.ts';
import { workerRedis } from './redis-values.ts';

const PARTITIONS = 4;
const TIMEOUT_MS = 1_000;
/** At every such offset a batch is halfway. */
const MIDWAY = 50;
const LETTERS = 'letters';
const ASKED = Buffer.from('asked');

/**
 * Records of which one in a hundred cannot be processed, through dead letters, deduplication and
 * retries. Some of the others ask a Redis, which may be away: that is no reason to set them aside.
 */
export const poison: Workload = {
  name: 'poison',
  services: ['redis'],
  topics: [
    { role: 'input', name: 'orders', partitions: PARTITIONS },
    { role: 'output', name: 'prices', partitions: PARTITIONS },
    { role: 'dead-letter', name: LETTERS, partitions: PARTITIONS },
  ],
  record: poisonOrOrder,
  hasOutput: (record) => record.poison === undefined,
  readsInputAgain: true,
  job(worker) {
    const client = workerRedis(worker);
    // As a program of others has it, with errors of its own.
    const bare = workerRedis(worker, { maxRetriesPerRequest: 1 });
    const letters = worker.topic(LETTERS);
    const output = worker.topic('prices');
    const store = (name: string) =>
      new RedisStore({ client, keyPrefix: `${worker.prefix}-${name}`, timeoutMs: TIMEOUT_MS });
    const processor = eachMessage<{ prices: Store; seen: Store }>((message, sender, context) => {
      if (message.offset % MIDWAY === 0) worker.midway();
      const order = orderOf(message);
      const { partition, key, value, headers } = message;
      const copy = () => {
        sender.send({
          topic: output,
          partition,
          key,
          // Twice, so that what is large is too large.
          value: Buffer.concat([value ?? Buffer.of(), value ?? Buffer.of()]),
          headers: [...headers, ...headers, ...originHeaders(placeOf(message))],
        });
      };
      if (order.ask === undefined) {
        copy();
        return undefined;
      }
      return (order.ask === 'store' ? askStore(context) : askClient(bare, `${worker.prefix}-any`)).then(copy);
    });
    return defineJob(
      {
        topicProcessorName: worker.name,
        inputTopics: [worker.topic('orders')],
        batchSize: 500,
        batchWaitMs: 50,
        maxRecordBytes: MAX_RECORD_BYTES,
        stores: { prices: store('prices'), seen: store('seen') },
        middleware: [
          deadLetter({ topic: () => letters }),
          // With it an outage fails the whole batch, before any record asks for itself.
          ...(worker.incarnation % 2 === 0 ? [deduplicate({ store: 'seen', id: idOf })] : []),
          retry({ attempts: 3, initialMs: 10, factor: 5 }),
        ],
      },
      {
        ...processor,
        close: () => {
          client.disconnect();
          bare.disconnect();
        },
      },
    );
  },
  origin: originOf,
  invariants: [
    poisonDeadLettered({ input: 'orders', letters: LETTERS, output: 'prices' }),
    noDeadLettersInOutage({ letters: LETTERS, exceptions: poisonKinds }),
  ],
};

function idOf(message: ConsumerMessage): string {
  const { partition, n } = placeOf(message);
  return `${partition}/${n}`;
}

/** @throws for poison, of each kind in its way */
function orderOf({ value }: ConsumerMessage): Order {
  if (value === null) throw new TypeError('A tombstone is no order');
  const order = JSON.parse(value.toString()) as Order;
  if (order.throws !== undefined) fail(order.throws);
  return order;
}

function fail(by: Thrown): never {
  switch (by) {
    case 'error':
      throw new RangeError('There is no such article');
    case 'unrecoverable':
      throw new UnrecoverableError('The article is not sold any more');
    case 'text':
      // Code of others throws what it likes.
      AbortSignal.abort('no article').throwIfAborted();
  }
  throw new Error('An aborted signal has thrown nothing');
}

// Both write: a Redis that is full is not felt by those who read.
async function askClient(client: Redis, key: string): Promise<void> {
  await client.set(key, 'asked');
}

async function askStore({ stores, signal }: ProcessContext<{ prices: Store }>): Promise<void> {
  await stores.prices.put('any', ASKED, { signal });
}
