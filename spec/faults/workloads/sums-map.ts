import { openClient, readRange } from '../../../source/index.ts';
import { MapStore } from '../../../stores/index.ts';
import type { FinishedRun } from '../finished-run.ts';
import type { WorkerContext } from '../workload.ts';
import { sumCodec, type Sum } from './sum.ts';
import { sums } from './sums.ts';

/**
 * Sums in the memory of the worker, which are lost with it: a worker begins by reading what was sent,
 * the sums of those before it. That is at least as new as what is committed, since outputs are durable
 * before their offsets are; what is newer knows its offsets.
 */
export const sumsMap = sums({
  name: 'sums-map',
  services: [],
  open(worker) {
    const store = new MapStore();
    return {
      store,
      fill: async () => {
        for (const [key, { bytes }] of await newest(worker)) await store.put(key, bytes);
      },
    };
  },
  stored: newestSums,
});

interface Newest {
  readonly bytes: Buffer;
  readonly next: number;
}

/** Of each key the sum with the most in it: a worker that lost its partitions may have written late. */
async function newest(worker: WorkerContext): Promise<ReadonlyMap<string, Newest>> {
  const client = openClient(worker.client, { logger: worker.logger });
  try {
    await client.connect();
    const topic = worker.topic('sums');
    const count = (await client.describeTopics([topic])).get(topic)?.partitionCount ?? 0;
    const partitions = Array.from({ length: count }, (_none, partition) => ({ topic, partition }));
    const ends = await client.listOffsets('latest', partitions, 'read_committed');
    const found = new Map<string, Newest>();
    await readRange(
      client,
      ends.map(({ partition, offset }) => ({ topic, partition, from: 0, to: offset })),
      ({ keyText, value, partition }) => {
        keep(found, keyText, value, partition);
      },
    );
    return found;
  } finally {
    await client.close();
  }
}

async function newestSums(run: FinishedRun): Promise<ReadonlyMap<string, Sum>> {
  const found = new Map<string, Newest>();
  await run.read('sums', ({ key, value, partition }) => {
    keep(found, String(key), value, partition);
  });
  return new Map([...found].map(([key, { bytes }]) => [key, sumCodec.decode(bytes)]));
}

function keep(found: Map<string, Newest>, key: string | null, value: Buffer | null, partition: number): void {
  if (key === null || value === null) return;
  const next = sumCodec.decode(value).next[partition] ?? 0;
  if (next >= (found.get(key)?.next ?? 0)) found.set(key, { bytes: Buffer.from(value), next });
}
