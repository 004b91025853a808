import type { Origin, OutputRecord, WorkloadJob } from './workload-job.ts';

/** One output, by what it is of. */
export interface BookedOutput extends Origin {
  readonly topic: string;
  /** Kafka's name of the topic. */
  readonly kafkaTopic: string;
  readonly outputPartition: number;
  readonly offset: number;
}

/** All outputs by their origins: numbers in the order of each output partition. */
export class OutputBooks {
  readonly #origin: (output: OutputRecord) => Origin | undefined;
  readonly #partitions = new Map<
    string,
    { readonly topic: string; readonly partition: number; readonly entries: number[] }
  >();
  /** Outputs that are of no record alone. */
  others = 0;

  readonly #kafkaName: (topic: string) => string;

  constructor(workload: WorkloadJob, kafkaName: (topic: string) => string) {
    this.#kafkaName = kafkaName;
    this.#origin = workload.origin?.bind(workload) ?? (() => undefined);
  }

  add(output: OutputRecord): void {
    const origin = this.#origin(output);
    if (origin === undefined) {
      this.others += 1;
      return;
    }
    const key = `${output.topic}/${output.partition}`;
    let found = this.#partitions.get(key);
    if (found === undefined) {
      found = { topic: output.topic, partition: output.partition, entries: [] };
      this.#partitions.set(key, found);
    }
    found.entries.push(origin.partition, origin.n, output.offset);
  }

  /** Calls with each output, in the order of its partition. */
  forEach(look: (output: BookedOutput) => void): void {
    for (const { topic, partition, entries } of this.#partitions.values()) {
      const kafkaTopic = this.#kafkaName(topic);
      for (let i = 0; i < entries.length; i += 3)
        look({
          topic,
          kafkaTopic,
          outputPartition: partition,
          partition: entries[i] ?? 0,
          n: entries[i + 1] ?? 0,
          offset: entries[i + 2] ?? 0,
        });
    }
  }

  /** How many outputs each input record has: by partition, then by number. */
  counts(acked: readonly number[]): Uint16Array[] {
    const counts = acked.map((count) => new Uint16Array(count));
    this.forEach(({ partition, n }) => {
      const of = counts[partition];
      if (of !== undefined && n < of.length) of[n] = (of[n] ?? 0) + 1;
    });
    return counts;
  }
}
