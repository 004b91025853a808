import { Client } from '@elastic/elasticsearch';
import type { FinishedRun } from '../finished-run.ts';

/** More than there are keys. */
const MOST_DOCUMENTS = 10_000;

/** The documents of an index, or of all that a pattern names, as a bare client reads them. */
export async function elasticsearchValues<Value>(
  { elasticsearchUrl }: Pick<FinishedRun, 'elasticsearchUrl'>,
  index: string,
  keyOf: (index: string, id: string) => string = (_index, id) => id,
): Promise<Map<string, Value>> {
  const client = new Client({ node: elasticsearchUrl ?? '' });
  try {
    await client.indices.refresh({ index });
    const { hits } = await client.search<Value>({ index, size: MOST_DOCUMENTS, query: { match_all: {} } });
    return new Map(
      hits.hits.flatMap(({ _index, _id, _source }) =>
        _source && _id ? [[keyOf(_index, _id), _source] as const] : [],
      ),
    );
  } finally {
    await client.close();
  }
}
