import { prefetch, withCodec, type MessageProcessor } from '../../../source/index.ts';
import { RedisStore, type Store } from '../../../stores/index.ts';
import type { Random } from '../../_helpers/schedules/random.ts';
import type { FinishedRun } from '../finished-run.ts';
import { storesEqualFold } from '../invariants/stores-equal-fold.ts';
import { totalConstant } from '../invariants/total-constant.ts';
import type { GeneratedRecord, OutputRecord, WorkerContext, Workload } from '../workload.ts';
import { originHeaders, originOf, placeOf } from './origin.ts';
import { redisValues, workerRedis } from './redis-values.ts';
import { storeJob } from './store-job.ts';
import { added, noSum, sumCodec, type Sum } from './sum.ts';

const PARTITIONS = 4;
/** In each partition. */
const ACCOUNTS = 10;
const TIMEOUT_MS = 2_000;

interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly amount: number;
}

/** Transfers between accounts: two values change with each message, and what all have is constant. */
export const money: Workload = {
  name: 'money',
  services: ['redis'],
  topics: [
    { role: 'input', name: 'transfers', partitions: PARTITIONS },
    { role: 'output', name: 'ledger', partitions: PARTITIONS },
  ],
  record,
  job(worker) {
    const client = workerRedis(worker);
    const store = new RedisStore({ client, keyPrefix: `${worker.prefix}-accounts`, timeoutMs: TIMEOUT_MS });
    const accounts = withCodec(store, sumCodec);
    return storeJob(worker, {
      input: 'transfers',
      stores: { accounts },
      processor: transferProcessor(accounts, worker),
      opened: {
        close: () => {
          client.disconnect();
        },
      },
    });
  },
  // One of the two entries, since each input record is to be met once.
  origin: (output) => (entryOf(output)[1] < 0 ? originOf(output) : undefined),
  invariants: [
    storesEqualFold({
      amounts: ({ value }) => {
        const { from, to, amount } = transferOf(value);
        return [
          [from, -amount],
          [to, amount],
        ];
      },
      stored,
    }),
    totalConstant({ stored, ledger: 'ledger', entry: entryOf }),
  ],
};

function record(random: Random, partition: number): GeneratedRecord {
  const from = random.between(0, ACCOUNTS - 1);
  const to = (from + random.between(1, ACCOUNTS - 1)) % ACCOUNTS;
  const amount = random.between(1, 500);
  // Accounts belong to one partition, as keys do.
  const account = (number: number) => `${partition}.account-${number}`;
  const transfer: Transfer = { from: account(from), to: account(to), amount };
  return { key: account(from), value: Buffer.from(JSON.stringify(transfer)) };
}

function transferOf(value: Buffer | null): Transfer {
  return JSON.parse(String(value)) as Transfer;
}

function transferProcessor(accounts: Store<Sum>, worker: WorkerContext): MessageProcessor {
  const topic = worker.topic('ledger');
  return prefetch(
    accounts,
    ({ value }) => {
      const { from, to } = transferOf(value);
      return [from, to];
    },
    (messages, sender, view) => {
      const half = Math.floor(messages.length / 2);
      for (const [at, message] of messages.entries()) {
        const { from, to, amount } = transferOf(message.value);
        const origin = placeOf(message);
        const { partition } = origin;
        const headers = originHeaders(origin);
        const book = (account: string, change: number) => {
          const before = view.get(account) ?? noSum;
          const after = added(before, origin, change);
          if (after !== before) view.set(account, after);
          sender.send({ topic, partition, key: account, value: String(change), headers });
        };
        book(from, -amount);
        // The account is debited, and nobody has the money yet.
        if (at === half) worker.midway();
        book(to, amount);
      }
    },
  );
}

function entryOf({ key, value }: OutputRecord): readonly [account: string, change: number] {
  return [String(key), Number(value)];
}

async function stored(run: FinishedRun): Promise<ReadonlyMap<string, Sum>> {
  return redisValues(run, `${run.prefix}-accounts/`, sumCodec);
}
