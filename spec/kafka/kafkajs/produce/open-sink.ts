import type { ExecutionContext } from 'ava';
import type { EmbeddedCluster } from '../../../../source/embedded/cluster.ts';
import type { RequestSummary } from '../../../../source/embedded/request-summary.ts';
import type { RecordAccumulator, RecordSink, SinkOptions } from '../../../../source/kafka/sink.ts';
import { startEmbedded } from '../../../_helpers/servers/clusters.ts';
import { connectClient, numbers, readAll, type TestClientOptions } from '../test-client.ts';

/** A sink on an embedded cluster of its own, which has the topic `out`. */
export interface OpenSink {
  readonly cluster: EmbeddedCluster;
  readonly sink: RecordSink;
  readonly accumulator: RecordAccumulator;
  /** What the sink reported of records that may be stored twice. */
  readonly repeated: number[];
}

export async function openSink(
  t: ExecutionContext,
  options: Partial<SinkOptions> & TestClientOptions & { brokers?: number; partitions?: number } = {},
): Promise<OpenSink> {
  const { brokers = 3, partitions = 6, retryTimeoutMs = 10_000, idempotent = true } = options;
  const cluster = await startEmbedded(t, { brokers, topics: { out: partitions } });
  const client = await connectClient(t, cluster.brokers, options);
  const repeated: number[] = [];
  const sink = client.sink({
    idempotent,
    compression: 'none',
    retryTimeoutMs,
    onRepeated: (records) => repeated.push(records),
  });
  await sink.loadTopic('out');
  return { cluster, sink, accumulator: sink.accumulator(), repeated };
}

/** Each record exactly once, in order per partition. */
export async function expectExactlyOnce(
  t: ExecutionContext,
  cluster: EmbeddedCluster,
  count: number,
): Promise<void> {
  const client = await connectClient(t, cluster.brokers);
  const collector = await readAll(t, client, 'out', 6, count);
  t.deepEqual(collector.sorted(), numbers(count));
  for (let partition = 0; partition < 6; partition++)
    t.deepEqual(
      collector.values('out', partition),
      numbers(count).filter((i) => i % 6 === partition),
    );
}

/** Whether a request has records for a partition. */
export function isFor(wanted: number): (request: RequestSummary) => boolean {
  return ({ topics }) =>
    topics?.some(({ partitions }) => partitions.some(({ partition }) => partition === wanted)) === true;
}

/**
 * The first attempt for partition 1 is stored and not answered, the next `times` are refused: those
 * that find what it stored. Other partitions may travel in requests of their own.
 */
export function storeThenRefuse(
  cluster: EmbeddedCluster,
  { stored, code, times = 1 }: { readonly stored: number; readonly code: number; readonly times?: number },
): void {
  cluster.faults.drop({ api: 'Produce', when: 'after', matching: isFor(1) });
  cluster.faults.fail({
    api: 'Produce',
    code,
    topic: 'out',
    partition: 1,
    times,
    matching: (request) => isFor(1)(request) && cluster.endOffset('out', 1) === stored,
  });
}
