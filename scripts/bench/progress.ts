import type { Compared } from './comparison.ts';
import type { ReadyContender } from './contenders/contenders.ts';
import type { Machine } from './machine.ts';
import type { Measurement } from './measure.ts';
import type { BenchOptions } from './options.ts';
import type { Row } from './run-row.ts';
import { settingsText } from './tables.ts';

/** What a comparison is made with. */
export interface Setting {
  /** Which Kafka. */
  readonly kafka: string;
  readonly machine: Machine;
  readonly contenders: readonly ReadyContender[];
  readonly options: Pick<BenchOptions, 'nodeOptions'>;
}

/** What was compared on what, for above the tables. */
export function aboutText({ kafka, machine, contenders, options }: Setting): string {
  const { cpus, model, memoryGigabytes, node } = machine;
  const named = contenders.map(({ name, prepared, settings }) => {
    const set = settingsText(settings);
    return `${name} ${prepared.version}${set === '' ? '' : ` (${set})`}`;
  });
  return (
    `${[`Node ${node}`, ...options.nodeOptions].join(' ')}; ${named.join('; ')}; ${kafka}, on the same machine: ` +
    `${cpus} x ${model}, ${memoryGigabytes} GB.`
  );
}

/** One run, for who waits for the others. */
export function outcomeText({ job, ground }: Compared, row: Row, result: Measurement | Error): string {
  const { contender, batch, settings } = row;
  const what = [
    job.name,
    `${ground.valueBytes} bytes`,
    ...(ground.compression === 'none' ? [] : [ground.compression]),
    `${ground.partitions} partitions`,
    contender.name,
    ...(batch === undefined ? [] : [`batches of ${batch}`]),
    // Those of a sweep.
    ...(settings === contender.settings ? [] : [settingsText(settings)]),
  ].join(', ');
  if (result instanceof Error) return `${what}: FAILED: ${result.message}`;
  const rate = Math.round(result.records / result.seconds);
  const cpu = ((result.cpuSeconds / result.records) * 1e6).toFixed(2);
  return `${what}: ${rate} records/s, ${cpu} CPU s per million`;
}
