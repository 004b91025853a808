import test from 'ava';
import { playedRun, recordAt } from '../../_helpers/faults/played-run.ts';
import { noSum, sumCodec, type Sum } from '../workloads/sum.ts';
import { tenantsRedis } from '../workloads/tenants-redis.ts';
import { tenantNames } from '../workloads/tenants.ts';
import { tenantsApart } from './tenants-apart.ts';

/** Two values of each tenant, stored and sent under its name. */
function perfectRun() {
  const run = playedRun(tenantsRedis, [0, 0, 0, 0]);
  const stored = new Map<string, Sum>();
  const { sums: sent = [] } = run.topics;
  for (const tenant of tenantNames())
    for (const key of ['0.k0', '1.k0']) {
      const value = { ...noSum, tenant, sum: tenant.length };
      stored.set(`${tenant}/${key}`, value);
      const record = { topic: 'sums', partition: 0, key: `${tenant}/${key}`, value: sumCodec.encode(value) };
      sent.push(recordAt(sent, record));
    }
  const invariant = tenantsApart({
    tenants: tenantNames(),
    stored: () => Promise.resolve(stored),
    sent: 'sums',
  });
  return { stored, sent, check: async () => (await invariant.check(run)).map(({ text }) => text) };
}

test('values in the places of their tenants pass', async (t) => {
  t.deepEqual(await perfectRun().check(), []);
});

test('two tenants whose stores are swapped are found', async (t) => {
  const { stored, check } = perfectRun();
  const [one, other] = [stored.get('tenant-3/0.k0'), stored.get('tenant-4/0.k0')];
  if (one === undefined || other === undefined) throw new Error('They are not stored');
  stored.set('tenant-3/0.k0', other).set('tenant-4/0.k0', one);
  t.deepEqual(await check(), [
    "2 stored values are in another tenant's place; the first: tenant-3/0.k0 is of tenant-4",
  ]);
});

test('a value of nobody is found, and a key that is of no tenant', async (t) => {
  const { stored, check } = perfectRun();
  stored.set('tenant-3/0.k0', noSum).set('0.k0', noSum).set('tenant-77/0.k0', noSum);
  t.deepEqual(await check(), [
    "1 stored values are in another tenant's place; the first: tenant-3/0.k0 is of nobody",
    '2 stored keys are of no tenant; the first: 0.k0',
  ]);
});

test("what was sent under another tenant's name is found", async (t) => {
  const { sent, check } = perfectRun();
  const value = sumCodec.encode({ ...noSum, tenant: 'tenant-5' });
  sent.push(recordAt(sent, { topic: 'sums', partition: 0, key: 'tenant-6/0.k0', value }));
  t.deepEqual(await check(), [
    "1 values were sent under another tenant's name; the first: sums/0 offset 40, tenant-6/0.k0, is of tenant-5",
  ]);
});
