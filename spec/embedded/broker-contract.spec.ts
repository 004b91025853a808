import { brokerContract } from '../_helpers/contract/broker-contract.ts';
import { testOnEach } from '../_helpers/servers/clusters.ts';

for (const { title, run } of brokerContract)
  testOnEach(title, async (t, { brokers }) => {
    await run(t, brokers);
  });
