import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedCluster } from '../../../source/embedded/cluster.ts';
import { rawBatch } from '../raw/raw-batch.ts';
import { RawClient } from '../raw/raw-client.ts';
import { fetch } from '../raw/raw-fetch.ts';
import { produceOne } from '../raw/raw-produce.ts';
import { metadata } from '../raw/raw-topics.ts';

/** What the process of a watched broker reports when it is asked. */
export interface BrokerReport {
  /**
   * The longest that the calm client waited for one answer. Time in which the process did not run is
   * left out: the machine is shared with other specs.
   */
  readonly longestWaitMs: number;
  /**
   * The longest that the event loop was kept by one turn since the last report, of which the process
   * did run.
   */
  readonly longestTurnMs: number;
  /** How many answers it got. */
  readonly answers: number;
  /** After garbage collection. */
  readonly usedBytes: number;
  readonly errors: readonly string[];
}

// A process of its own: an embedded cluster, and a client that only ever asks for little.
const errors: string[] = [];
const log = (message: string, about?: unknown) => {
  errors.push(`${message} ${JSON.stringify(about)}`);
};
const ignore = () => undefined;
const logger = { debug: ignore, info: ignore, warn: ignore, error: log, child: () => logger };
const cluster = await EmbeddedCluster.start({ topics: { calm: 1, target: 3 }, logger });
const address = cluster.brokers[0] ?? '';
const context = { teardown: ignore } as unknown as Parameters<typeof RawClient.open>[0];
const client = await RawClient.open(context, address);
let longestWaitMs = 0;
let longestTurnMs = 0;
let answers = 0;

/** Waits for one answer. */
async function answered(request: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  const before = process.cpuUsage();
  await request();
  const { user, system } = process.cpuUsage(before);
  longestWaitMs = Math.max(longestWaitMs, Math.min(performance.now() - start, (user + system) / 1_000));
  answers += 1;
}

async function keepAsking(): Promise<never> {
  for (;;) {
    await answered(() => metadata(client, ['calm']));
    await answered(() => produceOne(client, 'calm', rawBatch()));
    await answered(() => fetch(client, 'calm', [{ partition: 0, offset: 0 }]));
    cluster.deleteRecords('calm', 0, cluster.endOffset('calm', 0));
    await sleep(2);
  }
}

let beatAt = performance.now();
let cpuAtBeat = process.cpuUsage();

function beat(): void {
  const now = performance.now();
  const { user, system } = process.cpuUsage(cpuAtBeat);
  longestTurnMs = Math.max(longestTurnMs, Math.min(now - beatAt, (user + system) / 1_000));
  beatAt = now;
  cpuAtBeat = process.cpuUsage();
}

setInterval(beat, 1);

process.on('message', () => {
  beat();
  const turnMs = longestTurnMs;
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  process.send?.({
    longestWaitMs,
    longestTurnMs: turnMs,
    answers,
    usedBytes: heapUsed + arrayBuffers,
    errors,
  } satisfies BrokerReport);
  beat();
  longestTurnMs = 0;
});
process.send?.(address);
await keepAsking();
