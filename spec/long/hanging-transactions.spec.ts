import { findsAndAborts } from '../_helpers/jobs/hanging-transactions.ts';
import { randomName, testOnOwnKafka } from '../_helpers/servers/services.ts';

// As brokers before 3.6: a partition takes records of a transaction that its coordinator was not told of.
const properties = { 'transaction.partition.verification.enable': 'false' };

testOnOwnKafka(
  "Kafka's TransactionsCommand finds a transaction that hangs, and aborts it",
  { properties },
  async (t, kafka) => {
    const topic = randomName('hangs');
    await kafka.createTopic(topic, 1);
    await findsAndAborts(t, kafka, topic, {});
  },
);
