import { keyOf, type TopicPartition } from '../../../kernel/topic-partition.ts';

/**
 * Finds what an answer says of each partition that was asked for. Brokers usually answer in the
 * order of the request, so most are found without a look-up. Where one is not, all are indexed,
 * once: finding the partitions of a large answer takes time in proportion to their number, in any
 * order.
 */
export class PartitionAnswers<Answer extends TopicPartition> {
  readonly #answers: readonly Answer[];
  /** Where the next one is expected. */
  #next = 0;
  #byKey: Map<string, Answer> | undefined;

  constructor(answers: readonly Answer[]) {
    this.#answers = answers;
  }

  /** Undefined if the answer does not name it. */
  of(asked: TopicPartition): Answer | undefined {
    const expected = this.#answers[this.#next];
    if (expected === undefined && this.#answers.length === 0) return undefined;
    if (expected?.partition === asked.partition && expected.topic === asked.topic) {
      this.#next++;
      return expected;
    }
    this.#byKey ??= new Map(this.#answers.map((answer) => [keyOf(answer), answer]));
    return this.#byKey.get(keyOf(asked));
  }
}
