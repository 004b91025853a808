import type { ExecutionContext } from 'ava';
import { BatchError, json, prefetch, type MessageProcessor } from '../../../source/index.ts';
import type { StoreError } from '../../../source/kernel/errors.ts';
import type { Store } from '../../../stores/store.ts';
import { withCodec } from '../../../stores/with-codec.ts';
import { fixture, GROUP } from '../fakes/processor-run.ts';

const RECORDS = 200;
const BATCH = 20;
const KEYS = 10;

/** A sum, and of each input topic-partition the next offset that is not yet in it. */
interface Sum {
  readonly sum: number;
  readonly next: Readonly<Record<string, number>>;
}

/** What happens to the store at the third write, and what fixes it. */
export interface StoreFault {
  /** Called before the write is sent. */
  readonly strike: () => void | Promise<void>;
  readonly heal: () => void | Promise<void>;
  /** Makes of that write what is sent instead, where its documents are what is wrong. */
  readonly spoil?: (key: string, value: Buffer) => Buffer;
  /** Whether a key is one that fails; default: all are. */
  readonly isFailing?: (key: string) => boolean;
}

/**
 * Sums up numbers by key, and each time that the store fails, fixes it and runs again. Asserts what
 * must hold with every fault: nothing of the failed batch is committed, the error names its keys,
 * the job ends, and its sums are exact with the offsets in the values, and without them too large
 * at most by the batch that was open.
 *
 * @returns the errors of the store
 */
export async function sumUnderFault(
  t: ExecutionContext,
  store: Store,
  fault: StoreFault,
  withOffsets: boolean,
): Promise<StoreError[]> {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in');
  const oracle = new Map<string, number>();
  for (let n = 0; n < RECORDS; n++) {
    const key = `key-${n % KEYS}`;
    kafka.append('in', 0, { key, value: String(n) });
    oracle.set(key, (oracle.get(key) ?? 0) + n);
  }
  let writes = 0;
  const striking: Store = {
    get: (key, options) => store.get(key, options),
    getAll: (keys, options) => store.getAll(keys, options),
    put: (key, value, options) => store.put(key, value, options),
    async putAll(entries, options) {
      if (++writes !== 3) {
        await store.putAll(entries, options);
        return;
      }
      await fault.strike();
      const { spoil = (_key, value) => value } = fault;
      const sent = [...entries].map(([key, value]) => [key, spoil(key, value)] as const);
      await store.putAll(sent, options);
    },
    delete: (key, options) => store.delete(key, options),
    deleteAll: (keys, options) => store.deleteAll(keys, options),
    flush: (options) => store.flush(options),
  };
  let processed = 0;
  const counting = (): MessageProcessor => {
    const summing = sumProcessor(striking, withOffsets);
    return {
      async process(messages, sender, context) {
        await summing.process(messages, sender, context);
        processed++;
      },
    };
  };
  const errors: StoreError[] = [];
  /** The first offsets of the batches that failed. */
  const failed: number[] = [];
  for (;;) {
    const { ok, error } = await outcome(make(counting(), { batchSize: BATCH }).runToEnd());
    if (ok) break;
    const { cause } = error as { cause: StoreError };
    t.is(cause.code, 'STORE', String(error));
    const failing = [...oracle.keys()].filter(fault.isFailing ?? (() => true));
    t.deepEqual(cause.keys.toSorted(), failing.toSorted(), 'the error names the keys');
    const committed = kafka.committed(GROUP, 'in', 0);
    t.is(committed, processed * BATCH, 'nothing of the failed batch is committed');
    failed.push(processed * BATCH);
    errors.push(cause);
    await fault.heal();
    if (errors.length > 3) throw error;
  }
  t.is(kafka.committed(GROUP, 'in', 0), RECORDS);
  const sums = await withCodec(store, json<Sum>()).getAll([...oracle.keys()]);
  for (const [key, wanted] of oracle) {
    const sum = sums.get(key)?.sum ?? -1;
    if (withOffsets) t.is(sum, wanted, key);
    else t.true(sum >= wanted && sum <= wanted + excessOf(key, failed), `${key}: ${sum}, not ${wanted}`);
  }
  return errors;
}

/** What the batches that failed add to a key: they may count twice. */
function excessOf(key: string, failed: readonly number[]): number {
  let excess = 0;
  for (const first of failed)
    for (let n = first; n < first + BATCH; n++) if (`key-${n % KEYS}` === key) excess += n;
  return excess;
}

function sumProcessor(store: Store, withOffsets: boolean): MessageProcessor {
  return prefetch(
    withCodec(store, json<Sum>()),
    (message) => message.keyText,
    (messages, _sender, view) => {
      for (const message of messages) {
        const { keyText, valueText, topic, partition, offset } = message;
        if (keyText === null) throw new BatchError([{ message, error: new Error('no key') }]);
        const { sum, next } = view.get(keyText) ?? { sum: 0, next: {} };
        const input = `${topic}-${partition}`;
        if (withOffsets && offset < (next[input] ?? 0)) continue;
        view.set(keyText, { sum: sum + Number(valueText), next: { ...next, [input]: offset + 1 } });
      }
    },
  );
}
