import { keyOf, type TopicPartition } from '../../kernel/topic-partition.ts';
import type { ClaimEntry } from './claim-entries.ts';

/** The ids of the topics in which the committed offsets are, where that is known. */
export class CommittedTopicIds {
  readonly #ids = new Map<string, string>();

  of(at: TopicPartition): string | undefined {
    return this.#ids.get(keyOf(at));
  }

  /** Keeps what the owners before this one left. */
  adopt(entries: readonly ClaimEntry[], own: string): void {
    for (const { topic, partition, record } of entries) {
      if (record?.topicId !== undefined && record.owner !== own)
        this.#ids.set(keyOf({ topic, partition }), record.topicId);
    }
  }

  /** The committed offsets are now in these. @returns whether the entries say something else */
  note(committed: readonly (TopicPartition & { readonly topicId: string | undefined })[]): boolean {
    let isNews = false;
    for (const { topic, partition, topicId } of committed) {
      const key = keyOf({ topic, partition });
      if (topicId === undefined || topicId === this.#ids.get(key)) continue;
      // Where nothing was known, the entry has the id of the start already.
      isNews ||= this.#ids.has(key);
      this.#ids.set(key, topicId);
    }
    return isNews;
  }
}
