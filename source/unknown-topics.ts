import leven from 'leven';
import type { KafkaAdmin } from './kafka/admin.ts';

/** Says for each topic that is not there which one may be meant (Metadata for all topics). For messages. */
export async function unknownTopics(admin: KafkaAdmin, missing: readonly string[]): Promise<string[]> {
  if (missing.length === 0) return [];
  const all = await admin.describeTopics();
  const known = all.filter(({ internal }) => !internal).map(({ topic }) => topic);
  return missing.map((topic) => `topic '${topic}' does not exist${hint(topic, known)}`);
}

function hint(name: string, known: readonly string[]): string {
  if (known.length === 0) return '; there is no topic that this user may see';
  const nearest = known.reduce((best, each) => (leven(name, each) < leven(name, best) ? each : best));
  return leven(name, nearest) <= Math.max(2, name.length / 3) ? `; did you mean '${nearest}'?` : '';
}
