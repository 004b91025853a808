import type { WireReader } from '../../../source/kafka/wire/wire-reader.ts';
import type { WireWriter } from '../../../source/kafka/wire/wire-writer.ts';

/** Topics with numbers of partitions, as a request names them: any of both may come twice. */
export type NamedTwice = readonly (readonly [topic: string, partitions: readonly number[]])[];

/** Names topics and partitions in a request. */
export function writeNamed(
  writer: WireWriter,
  named: NamedTwice,
  each: (writer: WireWriter) => unknown = () => undefined,
): WireWriter {
  return writer.array(named, (_, [topic, partitions]) =>
    writer.string(topic).array(partitions, (__, partition) => void each(writer.int32(partition))),
  );
}

/** As {@link writeNamed}, of a flexible version. */
export function writeCompactNamed(
  writer: WireWriter,
  named: NamedTwice,
  each?: (writer: WireWriter) => unknown,
): WireWriter {
  return writer.compactArray(named, (_, [topic, partitions]) => {
    writer.compactString(topic).compactArray(partitions, (__, partition) => {
      writer.int32(partition);
      if (each !== undefined) void each(writer);
    });
    writer.noTags();
  });
}

/** The answers for partitions under their topics, in the order in which they came. */
export function readNamed<T>(
  reader: WireReader,
  each: (reader: WireReader) => T,
): (readonly [topic: string, answers: T[]])[] {
  return reader.array(() => [reader.string(), reader.array(each)] as const);
}

/** As {@link readNamed}, of a flexible version. */
export function readCompactNamed<T>(
  reader: WireReader,
  each: (reader: WireReader) => T,
): (readonly [topic: string, answers: T[]])[] {
  return reader.compactArray(() => {
    const topic = reader.compactString();
    const answers = reader.compactArray(() => {
      const answer = each(reader);
      reader.skipTags();
      return answer;
    });
    reader.skipTags();
    return [topic, answers] as const;
  });
}

/** A partition with its error code: the form of many answers. */
export function partitionAndCode(reader: WireReader): [partition: number, code: number] {
  return [reader.int32(), reader.int16()];
}

/** Those of one topic by partition: for answers whose order is that of a hash. */
export function byPartitionNumber<T>(
  topics: (readonly [topic: string, answers: T[]])[],
  partitionOf: (answer: T) => number,
): (readonly [topic: string, answers: T[]])[] {
  return topics.map(([topic, answers]) => [
    topic,
    answers.toSorted((a, b) => partitionOf(a) - partitionOf(b)),
  ]);
}
