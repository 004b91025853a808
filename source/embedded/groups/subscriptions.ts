import { WireReader } from '../../kafka/wire/wire-reader.ts';
import type { GroupMember } from './group-member.ts';

/**
 * The topics that consumers are subscribed to, as they send them when they join; undefined if one
 * of them sent something else.
 *
 * @see https://kafka.apache.org/protocol#protocol_consumer
 */
export function subscribedTopics(
  members: Iterable<GroupMember>,
  protocol: string,
): ReadonlySet<string> | undefined {
  const topics = new Set<string>();
  try {
    for (const member of members) {
      const reader = new WireReader(member.metadataFor(protocol));
      reader.int16(); // version of the subscription's form; all of them begin alike
      for (const topic of reader.array(() => reader.string())) topics.add(topic);
    }
  } catch {
    // Bytes of another form: a broker does not know the topics either.
    return undefined;
  }
  return topics;
}
