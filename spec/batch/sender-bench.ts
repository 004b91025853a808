import type { ExecutionContext } from 'ava';
import { KeylessSpread } from '../../source/kafka/partitioner.ts';
import { FakeKafka } from '../../source/testing/fake-kafka/fake-kafka.ts';
import { BufferedSender, type SenderOptions } from '../../source/batch/buffered-sender.ts';

/** A sender on a fake Kafka with two topics, `out` of four partitions and `other` of two, and more of its kind. */
export function bench(t: ExecutionContext, options: Partial<SenderOptions> = {}) {
  const kafka = new FakeKafka();
  kafka.createTopic('out', 4).createTopic('other', 2);
  const client = kafka.client();
  t.teardown(() => client.close());
  const sink = client.sink();
  const shared: SenderOptions = {
    sink,
    partitioner: (key, count) => key.length % count,
    keyless: new KeylessSpread(),
    maxRecordBytes: 1000,
    maxSendBufferBytes: 5000,
    wallNow: () => 1234,
    ...options,
  };
  const newSender = () => new BufferedSender(shared);
  return { kafka, sink, sender: newSender(), newSender };
}
