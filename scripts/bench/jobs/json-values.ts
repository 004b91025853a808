import { json } from '../../../source/index.ts';
import { forEachKey } from '../input-records.ts';
import { samePartition, type Job } from './job.ts';

/** What is in the values of the job `json`. */
export interface JsonValue {
  readonly n: number;
  readonly active: boolean;
  readonly text: string;
}

/** Reads JSON and sends it on with another number in it. */
export const jsonValues: Job = {
  name: 'json',
  title: 'decode JSON, change a number, encode it and send it on',
  value: 'json',
  inputs: 1,
  concurrency: 1,
  expectedSums(inputs) {
    let n = 0;
    for (const input of inputs)
      forEachKey(input, (index) => {
        n += jsonNumber(index);
      });
    return { n };
  },
  output: {
    input: 0,
    ...samePartition,
    value(value) {
      const { n, active, text } = JSON.parse(value.toString()) as JsonValue;
      return Buffer.from(JSON.stringify({ n: n + 1, active, text }));
    },
  },
  kasper({ output }) {
    const codec = json<JsonValue>();
    let n = 0;
    return {
      processor: {
        process(messages, sender) {
          for (const { key, value, partition } of messages) {
            if (value === null) continue;
            const found = codec.decode(value);
            n += found.n;
            const changed = codec.encode({ n: found.n + 1, active: found.active, text: found.text });
            sender.send({ topic: output, key, value: changed, partition });
          }
        },
      },
      sums: () => ({ n }),
    };
  },
};

/** The number in the JSON of a key, always of as many digits. */
export function jsonNumber(index: number): number {
  return 1_000_000 + (index % 1_000_000);
}
