import type { ExecutionContext } from 'ava';
import { present } from '../raw/present.ts';
import { RawClient } from '../raw/raw-client.ts';
import { metadata } from '../raw/raw-topics.ts';
import { uniqueName } from '../servers/embedded.ts';
import type { ContractCase } from './contract-case.ts';

const TOO_MANY = 'Excessively large number of partitions per request.';

/** CreateTopics v4; returns code and message of each topic. */
async function create(
  client: RawClient,
  partitions: readonly number[],
  validateOnly = false,
): Promise<readonly (readonly [code: number, message: string | null])[]> {
  const reader = await client.call({
    key: 19,
    version: 4,
    body: (writer) =>
      writer
        .array(partitions, (_, count) =>
          writer.string(uniqueName('large')).int32(count).int16(-1).int32(0).int32(0),
        )
        .int32(10_000)
        .boolean(validateOnly),
  });
  reader.int32();
  return reader.array(() => {
    reader.string();
    return [reader.int16(), reader.nullableString()] as const;
  });
}

async function tooManyPartitions(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const client = await RawClient.open(t, present(brokers[0]));
  for (const count of [10_001, 100_000, 0x7fff_ffff]) {
    t.deepEqual(await create(client, [count]), [[44, TOO_MANY]]);
    t.deepEqual(await create(client, [count], true), [[44, TOO_MANY]]);
  }
  const both = [
    [44, TOO_MANY],
    [44, TOO_MANY],
  ] as const;
  t.deepEqual(await create(client, [5_000, 5_001]), both, 'all topics of a request together');
  t.deepEqual(await create(client, [1, 20_000]), both);
  t.deepEqual(await create(client, [-2, 20_000]), both);
  t.deepEqual(
    await create(client, [10_000], true),
    [[44, 'Unable to perform excessively large batch operation.']],
    'with the topic, one too many',
  );
  const { topics } = await metadata(client);
  t.false(topics.some(({ topic }) => topic.startsWith('large')));
}

/** How much a client may ask for. */
export const limitCases: readonly ContractCase[] = [
  { title: 'a request for more than 10,000 partitions is refused as a whole', run: tooManyPartitions },
];
