// A worker of the campaign: a child process that runs a workload's job and reports what it does, a
// line of JSON for each thing, written immediately, so that it is known even if the process is killed a
// moment later.
import { readdirSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  TopicProcessor,
  type ConsumerMessage,
  type KafkaOptions,
  type Logger,
  type Middleware,
} from '../../../source/index.ts';
import { endedByClose } from '../../../source/kernel/closed-while-waiting.ts';
import { BrokerProxies } from '../../../source/testing/index.ts';
import { mutantWorkloads, workloads } from '../workload-list.ts';
import { shiftClock } from './clock-shift.ts';
import type { BatchRange, WorkerCommand, WorkerLine, WorkerStart, WorkerStep } from './worker-line.ts';

const STATE_MS = 500;
const USAGE_MS = 2_000;

const start = JSON.parse(process.argv[2] ?? '') as WorkerStart;
const workload = [...workloads, ...mutantWorkloads].find(({ name }) => name === start.workload);
if (workload === undefined) throw new Error(`There is no workload ${start.workload}`);
/** The next batch never ends. */
let hangs = false;
let signalAt: { readonly step: WorkerStep; readonly signal: 'SIGKILL' | 'SIGTERM' } | undefined;

function report(line: WorkerLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

function reached(step: WorkerStep): void {
  if (signalAt?.step !== step) return;
  const { signal } = signalAt;
  signalAt = undefined;
  report({ at: 'signalled', step });
  process.kill(process.pid, signal);
  // The signal may need a moment: nothing more is done until then.
  if (signal === 'SIGKILL') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

function reportStep(step: WorkerStep, partition: number, ranges: readonly BatchRange[]): void {
  report({ at: 'step', step, partition, ranges });
  reached(step);
}

const logged =
  (level: 'info' | 'warn' | 'error'): Logger['info'] =>
  (message, fields) => {
    const { error } = (fields ?? {}) as { readonly error?: Error };
    report({ at: 'log', level, message, ...(error === undefined ? {} : { error: error.message }) });
  };
const logger: Logger = {
  debug: () => undefined,
  info: logged('info'),
  warn: logged('warn'),
  error: logged('error'),
  child: () => logger,
};

/** Outermost: a batch is open from here on. */
const begun: Middleware = (next) => async (messages, sender, context) => {
  const { partition } = context;
  const ranges = rangesOf(messages);
  reportStep('begun', partition, ranges);
  if (hangs) {
    hangs = false;
    await new Promise(() => undefined);
  }
  try {
    await next(messages, sender, context);
  } catch (error) {
    if (endedByClose(error)) report({ at: 'given-up', partition, ranges });
    throw error;
  }
};

function rangesOf(messages: readonly ConsumerMessage[]): BatchRange[] {
  const ranges = new Map<string, BatchRange>();
  for (const { topic, offset } of messages)
    ranges.set(topic, [topic, ranges.get(topic)?.[1] ?? offset, offset]);
  return [...ranges.values()];
}

const client: KafkaOptions = {
  brokers: [...start.brokers],
  socketFactory: BrokerProxies.socketFactory(start.proxies),
};
const job = workload.job({
  name: start.prefix,
  incarnation: start.incarnation,
  seed: start.seed,
  prefix: start.prefix,
  logger,
  topic: (name) => `${start.prefix}-${name}`,
  client,
  redisUrl: start.redisUrl,
  elasticsearchUrl: start.elasticsearchUrl,
  midway: () => {
    reached('midway');
  },
});
const processor = new TopicProcessor({
  // Of a topic that was recreated all is read. Anything else that is read again shows as repeats.
  onOffsetOutOfRange: 'earliest',
  ...job,
  client,
  inputPartitions: start.partitions,
  // Also how often topics are looked at for partitions that were added.
  offsetRefreshMs: 3_000,
  ...(start.instanceId === undefined ? {} : { instanceId: start.instanceId }),
  middleware: [begun, ...(job.middleware ?? [])],
  logger,
});
processor.on('batch', ({ step, partition, ranges }) => {
  reportStep(
    step,
    partition,
    ranges.map(({ topic, first, last }) => [topic, first, last]),
  );
});
processor.on('started', () => {
  report({ at: 'started' });
});
process.on('unhandledRejection', (error) => {
  report({ at: 'unhandled', error: String(error) });
});
process.on('uncaughtException', (error) => {
  report({ at: 'unhandled', error: error.stack ?? String(error) });
});
process.once('SIGTERM', () => void processor.close());

const commands = createInterface({ input: process.stdin });
commands.on('line', (line) => {
  const command = JSON.parse(line) as WorkerCommand;
  if (command.do === 'signal-at') signalAt = command;
  else if (command.do === 'shift-clock') shiftClock(command.ms);
  else if (command.do === 'hang') hangs = true;
  else {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, command.ms);
    report({ at: 'unblocked', ms: command.ms });
  }
});

const timers = [setInterval(reportState, STATE_MS), setInterval(reportUsage, USAGE_MS)];
function reportState(): void {
  const { state, records, repeated, recentErrors, partitions } = processor.stats();
  const lag = partitions.reduce((sum, each) => sum + each.lag, 0);
  report({
    at: 'state',
    state,
    health: processor.health(),
    records,
    repeated,
    recentErrors,
    lag,
    now: Date.now(),
  });
}
function reportUsage(): void {
  gc?.();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const descriptors = readdirSync('/proc/self/fd').length;
  const active = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  report({ at: 'usage', rss, heapUsed, arrayBuffers, descriptors, timers: active });
}

try {
  const { records } = await (workload.isBounded === true ? processor.runToEnd() : processor.runLoop());
  reportState();
  report({ at: 'done', records });
} catch (error) {
  reportState();
  report({ at: 'failed', error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exitCode = 1;
} finally {
  for (const timer of timers) clearInterval(timer);
  commands.close();
  process.stdin.destroy();
}
