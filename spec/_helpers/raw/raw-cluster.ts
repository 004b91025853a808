import { uniqueName } from '../servers/embedded.ts';
import { RawClient, type SpecOwner } from './raw-client.ts';
import { present } from './present.ts';
import { fetchOffsets, findCoordinator } from './raw-offsets.ts';
import { createTopic, listOffset, metadata } from './raw-topics.ts';
import { until } from '../until.ts';

const deadlineMs = 20_000;

/**
 * A new topic, once all its partitions are led and partition 0 is served, and a connection to the
 * leader of its partition 0.
 */
export async function newTopic(
  t: SpecOwner,
  brokers: readonly string[],
  partitions = 1,
): Promise<{ topic: string; leader: RawClient }> {
  const topic = uniqueName('topic');
  const seed = await RawClient.open(t, present(brokers[0]));
  const created = await createTopic(seed, topic, partitions);
  if (created !== 0) throw new Error(`The topic ${topic} was not created: code ${created}`);
  const address = await until(() => leaderAddress(seed, topic), { deadlineMs, what: `a leader of ${topic}` });
  const leader = await RawClient.open(t, address);
  // Metadata may name it before it knows that it leads: until then it refuses all requests.
  const leads = async () => (await listOffset(leader, topic, -1)).code === 0;
  await until(leads, { deadlineMs, what: `the leader of ${topic} to lead it` });
  return { topic, leader };
}

/** A name for a group, and connections to its coordinator. */
export async function newGroup(
  t: SpecOwner,
  brokers: readonly string[],
  groupId = uniqueName('group'),
): Promise<{ groupId: string; connect: () => Promise<RawClient> }> {
  const seed = await RawClient.open(t, present(brokers[0]));
  const address = await until(
    async () => {
      const found = await findCoordinator(seed, groupId);
      if (found.code !== 0) return undefined;
      const { code } = await fetchOffsets(await RawClient.open(t, found.address), groupId);
      return code === 0 && found.address;
    },
    { deadlineMs, what: `a coordinator of ${groupId}` },
  );
  return { groupId, connect: () => RawClient.open(t, address) };
}

/**
 * Where the leader of partition 0 listens; undefined while not all partitions of the topic are led.
 */
export async function leaderAddress(seed: RawClient, topic: string): Promise<string | undefined> {
  const answer = await metadata(seed, [topic]);
  const partitions = answer.topics[0]?.partitions ?? [];
  const addresses = partitions.map(({ leader }) => answer.nodes.get(leader));
  return addresses.includes(undefined) ? undefined : addresses[0];
}
