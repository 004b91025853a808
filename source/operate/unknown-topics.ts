import type { KafkaAdmin } from '../kafka/admin.ts';
import { didYouMean } from '../kernel/nearest-name.ts';

/** Says for each topic that is not there which one may be meant (Metadata for all topics). For messages. */
export async function unknownTopics(admin: KafkaAdmin, missing: readonly string[]): Promise<string[]> {
  if (missing.length === 0) return [];
  const all = await admin.describeTopics();
  const known = all.filter(({ internal }) => !internal).map(({ topic }) => topic);
  const hint = (topic: string) =>
    known.length === 0 ? '; there is no topic that this user may see' : didYouMean(topic, known);
  return missing.map((topic) => `topic '${topic}' does not exist${hint(topic)}`);
}
