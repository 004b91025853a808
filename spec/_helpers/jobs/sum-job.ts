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
  /**
   * The fault ends by itself: a write that finds it over succeeds, then it strikes again and the
   * same is written once more. Default false.
   */
  readonly isPassing?: boolean;
  readonly heal: () => void | Promise<void>;
  /** Makes of that write what is sent instead, where its documents are what is wrong. */
  readonly spoil?: (key: string, value: Buffer) => Buffer;
  /** Whether a key is one that fails; default: all are. */
  readonly isFailing?: (key: string) => boolean;
}

/**
 * Sums up numbers by key until the store fails at the third batch, fixes it and runs again. Asserts
 * what must hold with every fault: nothing of the failed batch is committed, the error names its
 * keys, the job then ends, and its sums are exact with the offsets in the values, and without them
 * too large at most by the batch that was open.
 *
 * @returns the error of the store
 */
export async function sumUnderFault(
  t: ExecutionContext,
  store: Store,
  fault: StoreFault,
  withOffsets: boolean,
): Promise<StoreError> {
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
      const { spoil = (_key, value) => value } = fault;
      const sent = [...entries].map(([key, value]) => [key, spoil(key, value)] as const);
      do {
        await fault.strike();
        await store.putAll(sent, options);
      } while (fault.isPassing === true);
    },
    delete: (key, options) => store.delete(key, options),
    deleteAll: (keys, options) => store.deleteAll(keys, options),
    flush: (options) => store.flush(options),
  };
  const run = () => outcome(make(sumProcessor(striking, withOffsets), { batchSize: BATCH }).runToEnd());
  const { error } = await run();
  const { cause } = error as { cause: StoreError };
  t.is(cause.code, 'STORE', String(error));
  const failing = [...oracle.keys()].filter(fault.isFailing ?? (() => true));
  t.deepEqual(cause.keys.toSorted(), failing.toSorted(), 'the error names the keys');
  t.is(kafka.committed(GROUP, 'in', 0), 2 * BATCH, 'nothing of the failed batch is committed');
  await fault.heal();
  const again = await run();
  if (!again.ok) throw new Error('The job does not go on after the fault', { cause: again.error });
  t.is(kafka.committed(GROUP, 'in', 0), RECORDS);
  const sums = await withCodec(store, json<Sum>()).getAll([...oracle.keys()]);
  for (const [key, wanted] of oracle) {
    const sum = sums.get(key)?.sum ?? -1;
    if (withOffsets) t.is(sum, wanted, key);
    else t.true(sum >= wanted && sum <= wanted + excessOf(key), `${key}: ${sum}, not ${wanted}`);
  }
  return cause;
}

/** What the third batch adds to a key: it may count twice. */
function excessOf(key: string): number {
  let excess = 0;
  for (let n = 2 * BATCH; n < 3 * BATCH; n++) if (`key-${n % KEYS}` === key) excess += n;
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
