import type { WireReader } from '../../kafka/wire/wire-reader.ts';

/** A topic of a request, with nothing but the numbers of its partitions. */
export interface NamedPartitions {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number }[];
}

/** One item of an array of topics, before a request's versions are flexible. */
export function readPartitions(reader: WireReader): NamedPartitions {
  return { topic: reader.string(), partitions: reader.array(() => ({ partition: reader.int32() })) };
}

/** As {@link readPartitions}, of a flexible version. */
export function readFlexiblePartitions(reader: WireReader): NamedPartitions {
  const topic = reader.compactString();
  const partitions = reader.compactArray(() => ({ partition: reader.int32() }));
  reader.skipTags();
  return { topic, partitions };
}
