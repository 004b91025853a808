import { brokerContract } from '../_helpers/broker-contract.ts';
import { testOnEach } from '../_helpers/clusters.ts';

for (const { title, run } of brokerContract)
  testOnEach(title, async (t, { brokers }) => {
    await run(t, brokers);
  });
