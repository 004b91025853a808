import type { Mutant } from './mutant.ts';

/** Mistakes in what is sent to Kafka, and in what is made of its answers. */
export const kafkaMutants: readonly Mutant[] = [
  {
    name: 'dropped-on-retry',
    mistake: 'A record batch that would have to be sent again counts as acked.',
    edits: [
      {
        file: 'source/kafka/kafkajs/produce/sink.ts',
        replace: '    this.#failing.add([queue], error);\n    this.#later.add(queue, error);\n',
        by: '    this.acked(queue);\n',
      },
    ],
    isQuick: true,
    found: {
      invariant: 'no-loss',
      under: { by: 'campaign', workload: 'relay', faults: ['outputs-held'], seed: 1 },
    },
  },
  {
    name: 'resends-swapped',
    mistake: 'A record batch that is sent again goes behind the next one of its partition.',
    edits: [
      {
        file: 'source/kafka/kafkajs/produce/sink.ts',
        replace: 'const BATCH_BYTES = 900_000;',
        by: 'const BATCH_BYTES = 2_000;',
      },
      {
        file: 'source/kafka/kafkajs/produce/sink.ts',
        replace: '    this.#failing.add([queue], error);\n',
        by: `    if (queue.attempts === 0 && queue.batches.length > 1) {
      queue.retireProducer();
      queue.batches.splice(0, 2, ...queue.batches.slice(0, 2).reverse());
    }
    this.#failing.add([queue], error);
`,
      },
    ],
    found: {
      invariant: 'order-per-key',
      under: { by: 'campaign', workload: 'relay', faults: ['outputs-held'], seed: 1 },
    },
  },
  {
    name: 'resent-under-a-new-id',
    mistake: 'What is sent again has a new producer id, so that the broker cannot know the repeat.',
    edits: [
      {
        file: 'source/kafka/kafkajs/produce/sink.ts',
        replace: 'const newProducer = this.#options.idempotent && !this.#isOwned && losesSequence(error);',
        by: 'const newProducer = this.#options.idempotent && sent;',
      },
      {
        file: 'source/kafka/kafkajs/produce/sink.ts',
        replace: 'if (newProducer || !this.#options.idempotent)\n',
        by: 'if (!this.#options.idempotent)\n',
      },
    ],
    isQuick: true,
    found: {
      invariant: 'repeats-only-open',
      under: { by: 'campaign', workload: 'relay', faults: ['lost-answers'], seed: 1 },
    },
  },
  {
    name: 'aborted-delivered',
    mistake: 'Records of transactions that were aborted are delivered.',
    edits: [
      {
        file: 'source/kafka/records/decode-record-set.ts',
        replace: 'return (attributes & TRANSACTIONAL) === 0 || !aborted.has(producerId);',
        by: 'return true;',
      },
    ],
    found: {
      invariant: 'no-strangers',
      under: { by: 'campaign', workload: 'relay', faults: ['aborted-transaction'], seed: 1 },
    },
  },
  {
    name: 'acks-of-one',
    mistake: 'Records count as stored when the leader has them, and no other replica.',
    edits: [
      {
        file: 'source/kafka/kafkajs/protocol/produce.ts',
        replace: 'const ALL_IN_SYNC_REPLICAS = -1;',
        by: 'const ALL_IN_SYNC_REPLICAS = 1;',
      },
    ],
    found: {
      invariant: 'no-loss',
      under: { by: 'campaign', workload: 'relay', faults: ['leader-alone'], seed: 1 },
    },
  },
];
