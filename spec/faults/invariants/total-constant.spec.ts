import test from 'ava';
import { playedRun, recordAt } from '../../_helpers/faults/played-run.ts';
import { money } from '../workloads/money.ts';
import { originHeaders } from '../workloads/origin.ts';
import { noSum, type Sum } from '../workloads/sum.ts';
import { totalConstant } from './total-constant.ts';

/** Ten transfers between two accounts. */
function perfectRun() {
  const run = playedRun(money, [10, 0, 0, 0]);
  const { ledger = [] } = run.topics;
  const stored = new Map<string, Sum>();
  const enter = (n: number, account: string, change: number) => {
    const { sum } = stored.get(account) ?? noSum;
    stored.set(account, { ...noSum, sum: sum + change });
    const headers = originHeaders({ partition: 0, n });
    ledger.push(
      recordAt(ledger, { topic: 'ledger', partition: 0, key: account, value: String(change), headers }),
    );
  };
  for (let n = 0; n < 10; n++) {
    enter(n, 'ann', -n - 1);
    enter(n, 'bob', n + 1);
  }
  const invariant = totalConstant({
    stored: () => Promise.resolve(stored),
    ledger: 'ledger',
    entry: ({ key, value }) => [String(key), Number(value)],
  });
  return { stored, ledger, check: async () => (await invariant.check(run)).map(({ text }) => text) };
}

test('transfers of which both accounts know pass, also where an entry is sent twice', async (t) => {
  const { ledger, check } = perfectRun();
  t.deepEqual(await check(), []);
  ledger.push(...ledger.slice(4, 9));
  t.deepEqual(await check(), []);
});

test('money that is lost, or made, is found in the store', async (t) => {
  const { stored, check } = perfectRun();
  stored.set('ann', { ...noSum, sum: -54 });
  t.deepEqual(await check(), ['1 total of all accounts is not 0; the first: it is 1']);
});

test('a debit without a credit is found, and a credit without a debit', async (t) => {
  const { ledger, check } = perfectRun();
  ledger.splice(1, 2);
  t.deepEqual(await check(), [
    '2 transfers have no two entries that even out; the first: transfer 0/0: -1 and nothing',
  ]);
});

test('an entry that was sent again with another amount is found', async (t) => {
  const { ledger, check } = perfectRun();
  const headers = originHeaders({ partition: 0, n: 2 });
  ledger.push(recordAt(ledger, { topic: 'ledger', partition: 0, key: 'ann', value: '-4', headers }));
  const [changed, uneven] = await check();
  t.regex(
    changed ?? '',
    /^1 entries were sent again with another amount; .* transfer 0\/2 of ann: -3, then -4$/,
  );
  t.regex(uneven ?? '', /transfer 0\/2: -4 and 3$/);
});
