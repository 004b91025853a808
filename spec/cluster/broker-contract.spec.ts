import test from 'ava';
import { brokerContract } from '../_helpers/broker-contract.ts';
import { startEmbedded } from '../_helpers/embedded.ts';

for (const { title, run } of brokerContract) {
  test(`embedded: ${title}`, async (t) => {
    const cluster = await startEmbedded(t, { brokers: 3 });
    await run(t, cluster.brokers);
  });
}
