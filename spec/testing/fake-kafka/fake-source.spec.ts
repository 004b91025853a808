import test from 'ava';
import { FakeKafka } from '../../../source/testing/fake-kafka/fake-kafka.ts';
import { sourceContract, type SourceSubject } from '../../_helpers/contract/source-contract.ts';
import { until } from '../../_helpers/until.ts';

function fakeSubject(): SourceSubject {
  const kafka = new FakeKafka().createTopic('orders', 2);
  return {
    client: kafka.client(),
    append: (partition, count) => {
      const { end } = kafka.log({ topic: 'orders', partition });
      const values = Array.from({ length: count }, (_none, at) => String(end + at));
      kafka.append('orders', partition, ...values);
      return Promise.resolve();
    },
    settled: () => kafka.quiet(),
    holdFetch: () => {
      const gate = kafka.hold('fetch');
      return {
        inFlight: async () => {
          await until(() => gate.waiting.length > 0, { deadlineMs: 20_000, what: 'a fetch' });
        },
        answer: async () => {
          gate.open();
          await kafka.quiet();
        },
      };
    },
  };
}

for (const { title, run } of sourceContract) test(title, (t) => run(t, fakeSubject()));
