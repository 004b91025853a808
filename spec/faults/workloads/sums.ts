import { prefetch, withCodec, type MessageProcessor } from '../../../source/index.ts';
import type { Store } from '../../../stores/store.ts';
import type { Random } from '../../_helpers/schedules/random.ts';
import type { FinishedRun } from '../finished-run.ts';
import type { GeneratedRecord, ServiceKind, WorkerContext, Workload } from '../workload.ts';
import { originHeaders, originOf, placeOf } from './origin.ts';
import { storeJob, sumsEqualFold, type OpenedStore } from './store-job.ts';
import { added, noSum, sumCodec, type Sum } from './sum.ts';

export interface SumsOptions {
  readonly name: string;
  readonly services: readonly ServiceKind[];
  /** In the worker. */
  open(worker: WorkerContext): OpenedStore<Store>;
  /** What the store has in the end, read past all code of ours that wrote it. */
  stored(run: FinishedRun): Promise<ReadonlyMap<string, Sum>>;
}

const PARTITIONS = 4;
/** In each partition. */
const KEYS = 40;

/**
 * Sums by key, exact by the idiom that the pages teach: each value carries, for each input partition,
 * the next record that is not in it yet. Each message is answered with its key's sum.
 */
export function sums({ name, services, open, stored }: SumsOptions): Workload {
  return {
    name,
    services,
    topics: [
      { role: 'input', name: 'in', partitions: PARTITIONS },
      { role: 'output', name: 'sums', partitions: PARTITIONS },
    ],
    record,
    job(worker) {
      const opened = open(worker);
      const kept = withCodec(opened.store, sumCodec);
      return storeJob(worker, {
        input: 'in',
        stores: { sums: kept },
        processor: sumProcessor(kept, worker),
        opened,
      });
    },
    origin: originOf,
    invariants: [sumsEqualFold(stored)],
  };
}

function record(random: Random, partition: number): GeneratedRecord {
  // A key belongs to one partition, as the pages demand where workers share them.
  const key = `${partition}.k${random.between(0, KEYS - 1)}`;
  return { key, value: Buffer.from(String(random.between(-500, 1_000))) };
}

function sumProcessor(store: Store<Sum>, worker: WorkerContext): MessageProcessor {
  const topic = worker.topic('sums');
  return prefetch(
    store,
    ({ keyText }) => keyText,
    (messages, sender, view) => {
      const half = Math.floor(messages.length / 2);
      for (const [at, message] of messages.entries()) {
        if (at === half) worker.midway();
        const key = message.keyText ?? '';
        const before = view.get(key) ?? noSum;
        const origin = placeOf(message);
        const sum = added(before, origin, Number(message.valueText));
        if (sum !== before) view.set(key, sum);
        // Also where it was in the sum: the batch that added it may have failed before its records
        // were out.
        const { partition } = origin;
        sender.send({ topic, partition, key, value: sumCodec.encode(sum), headers: originHeaders(origin) });
      }
    },
  );
}
