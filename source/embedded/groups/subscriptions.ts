import { WireReader } from '../../kafka/wire/wire-reader.ts';
import type { Group } from './group.ts';

/**
 * The topics that the members of a group are subscribed to, as consumers send them when they join.
 *
 * @see https://kafka.apache.org/protocol#protocol_consumer
 */
export function subscribedTopics(group: Group): Set<string> {
  const topics = new Set<string>();
  for (const member of group.members) {
    const [protocol] = member.request.protocols;
    if (protocol === undefined || protocol.metadata.length === 0) continue;
    const reader = new WireReader(protocol.metadata);
    reader.int16(); // version of the subscription's form; all of them begin alike
    for (const topic of reader.array(() => reader.string())) topics.add(topic);
  }
  return topics;
}
