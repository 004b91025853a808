import { FakeKafka } from '../../../source/testing/fake-kafka/fake-kafka.ts';
import type { TopicPartition } from '../../../source/kernel/topic-partition.ts';
import type { Random } from './random.ts';
import type { ScheduledKafka } from './scheduled-kafka.ts';

/** The fake Kafka of a schedule. */
export class FakeScheduledKafka extends FakeKafka implements ScheduledKafka {
  constructor(random: Random) {
    const fetchSize = random.between(1, 30);
    super({
      chunkRecords: random.chance(0.5) ? fetchSize : () => random.between(1, fetchSize),
      memoryFactor: random.pick([1, 1, 1_000, 20_000]),
    });
  }

  onCommit(listener: (at: TopicPartition, offset: number) => void): void {
    this.intercept('commitOffset', ({ topic = '', partition = 0, offset = 0 }) => {
      listener({ topic, partition }, offset);
    });
  }
}
