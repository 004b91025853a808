import type { KafkaAdmin } from '../kafka/admin.ts';
import { didYouMean } from '../kernel/nearest-name.ts';

/**
 * For messages: the problem with each topic that does not exist, with the name that may be meant
 * (Metadata for all topics).
 */
export async function unknownTopics(admin: KafkaAdmin, missing: readonly string[]): Promise<string[]> {
  if (missing.length === 0) return [];
  const all = await admin.topicDetails();
  const known = all.filter(({ internal }) => !internal).map(({ topic }) => topic);
  const hint = (topic: string) =>
    known.length === 0 ? '; there is no topic that this user may see' : didYouMean(topic, known);
  return missing.map((topic) => `topic '${topic}' does not exist${hint(topic)}`);
}
