import { readRange } from '../../source/index.ts';
import type { FinishedRun } from './finished-run.ts';
import { OutputBooks } from './output-books.ts';
import type { PlayedFault } from './played-fault.ts';
import type { World } from './world.ts';

/** What invariants get of a world whose workers have stopped. */
export function finishedRun(world: World, faults: readonly PlayedFault[]): FinishedRun {
  const { client, workload } = world;
  const books = new Map<string, Promise<OutputBooks>>();
  const topic = (name: string) => world.topic(name);

  const read: FinishedRun['read'] = async (name, onRecord) => {
    const partitions = (await client.describeTopics([topic(name)])).get(topic(name))?.partitionCount ?? 0;
    const all = Array.from({ length: partitions }, (_none, partition) => ({ topic: topic(name), partition }));
    const [starts, ends] = await Promise.all([
      client.listOffsets('earliest', all, 'read_uncommitted'),
      client.listOffsets('latest', all, 'read_committed'),
    ]);
    const spans = all.map((each, at) => ({
      ...each,
      from: starts[at]?.offset ?? 0,
      to: ends[at]?.offset ?? 0,
    }));
    await readRange(client, spans, (message) => {
      onRecord({
        topic: name,
        partition: message.partition,
        offset: message.offset,
        key: message.key,
        value: message.value,
        timestamp: message.timestamp,
        headers: [...message.headers],
        header: (header) => {
          const value = message.headers.get(header);
          return typeof value === 'string' ? Buffer.from(value) : (value ?? undefined);
        },
      });
    });
  };

  const outputs = async (role: 'output' | 'dead-letter') => {
    const book = new OutputBooks(workload, topic);
    for (const { name, role: its } of workload.topics)
      if (its === role)
        await read(name, (output) => {
          book.add(output);
        });
    return book;
  };

  return {
    workload,
    seed: world.seed,
    prefix: world.prefix,
    topic,
    nodes: world.servers.kafka.nodes.length,
    client,
    groupId: world.groupId,
    redisUrl: world.redisUrl,
    elasticsearchUrl: world.elasticsearchUrl,
    input: world.input,
    commits: world.commits,
    workers: world.fleet.histories,
    faults,
    read,
    outputs: (role) => {
      const book = books.get(role) ?? outputs(role);
      books.set(role, book);
      return book;
    },
  };
}
