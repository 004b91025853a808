import { randomUUID } from 'node:crypto';
import { openClient, silentLogger } from '../../../source/index.ts';
import { fillInput } from '../fill.ts';
import { ContenderHandle } from './contender-handle.ts';
import { VALUE_BYTES, type GateJob } from './gate-job.ts';
import type { CpuPair } from './verdict.ts';

const PARTITIONS = 4;
const KEYS = 100_000;
/** Enough of each that a start does not count. */
const RECORDS = {
  consume: { kasper: 1_000_000, kafkajs: 200_000 },
  copy: { kasper: 500_000, kafkajs: 40_000 },
} as const;
const BATCH_SIZES = [10_000, 1000] as const;
export const KINDS = ['consume', 'copy'] as const;

/** Measures what jobs cost, both contenders in turns, on one Kafka. */
export class GateMeasurement {
  readonly #broker: string;
  readonly #client;
  readonly #contenders = { kasper: new ContenderHandle('kasper'), kafkajs: new ContenderHandle('kafkajs') };
  /** By the number of records that they hold. */
  readonly #inputs = new Map<number, string>();

  constructor(broker: string) {
    this.#broker = broker;
    this.#client = openClient({ brokers: [broker] }, { logger: silentLogger });
  }

  /** Fills the inputs, and runs each job once: code is compiled as it gets warm. */
  async prepare(): Promise<void> {
    await this.#client.connect();
    for (const records of new Set(KINDS.flatMap((kind) => Object.values(RECORDS[kind])))) {
      const input = `gate-${randomUUID()}`;
      const shape = { records, partitions: PARTITIONS, keys: KEYS, valueBytes: VALUE_BYTES, seed: 0 };
      await fillInput(this.#client, input, { ...shape, value: 'text' }, 'none');
      this.#inputs.set(records, input);
    }
    await this.pairs(1, KINDS);
  }

  /** The cost of each job in each run, by its name. */
  async pairs(runs: number, kinds: readonly GateJob['kind'][]): Promise<Map<string, CpuPair[]>> {
    const pairs = new Map<string, CpuPair[]>();
    for (const kind of kinds) for (const size of BATCH_SIZES) pairs.set(nameOf(kind, size), []);
    for (let run = 0; run < runs; run++) {
      for (const kind of kinds) {
        // kafkajs runs between our two, and so beside both.
        const [first, second] = run % 2 === 0 ? BATCH_SIZES : [BATCH_SIZES[1], BATCH_SIZES[0]];
        const before = await this.#cost('kasper', kind, first);
        const kafkajs = await this.#cost('kafkajs', kind, first);
        const after = await this.#cost('kasper', kind, second);
        pairs.get(nameOf(kind, first))?.push({ kasper: before, kafkajs });
        pairs.get(nameOf(kind, second))?.push({ kasper: after, kafkajs });
      }
    }
    return pairs;
  }

  async close(): Promise<void> {
    for (const contender of Object.values(this.#contenders)) contender.stop();
    await this.#client.close();
  }

  /** CPU seconds for a million records. */
  async #cost(name: 'kasper' | 'kafkajs', kind: GateJob['kind'], batchSize: number): Promise<number> {
    const records = RECORDS[kind][name];
    const input = this.#inputs.get(records) ?? '';
    const output = kind === 'copy' ? await this.#makeTopic() : '';
    const job = { kind, batchSize, broker: this.#broker, input, output, partitions: PARTITIONS, records };
    const cpuSeconds = await this.#contenders[name].run(job);
    if (kind === 'copy') await this.#checkWritten(job);
    return (cpuSeconds / records) * 1e6;
  }

  /** A copy that lost a record, or wrote one twice, is no measurement. */
  async #checkWritten({ output, records }: GateJob): Promise<void> {
    const partitions = Array.from({ length: PARTITIONS }, (_none, partition) => ({
      topic: output,
      partition,
    }));
    const ends = await this.#client.listOffsets('latest', partitions, 'read_committed');
    const written = ends.reduce((sum, { offset }) => sum + offset, 0);
    if (written !== records) throw new Error(`${written} records were written of ${records}`);
  }

  async #makeTopic(): Promise<string> {
    const topic = `gate-${randomUUID()}`;
    await this.#client.createTopics([{ topic, partitionCount: PARTITIONS }]);
    return topic;
  }
}

function nameOf(kind: GateJob['kind'], batchSize: number): string {
  return `${kind}, batches of ${batchSize}`;
}
