import Module from 'node:module';
import test from 'ava';
import { codecNamed } from '../../source/kafka/records/compression.ts';
import { present } from '../_helpers/raw/present.ts';
import { rawBatch, rawRecord } from '../_helpers/raw/raw-batch.ts';
import { RawClient } from '../_helpers/raw/raw-client.ts';
import { BROKER, TOPIC, changeConfigs } from '../_helpers/raw/raw-configs.ts';
import { produceOne } from '../_helpers/raw/raw-produce.ts';
import { startEmbedded } from '../_helpers/servers/embedded.ts';

interface Loader {
  _load: (request: string, ...rest: unknown[]) => unknown;
}

// In this process the package of a codec is not there, as on a platform for which it was not built.
const loader = Module as unknown as Loader;
const load = loader._load;
loader._load = (request, ...rest) => {
  if (request === 'lz4-napi') throw new Error(`Cannot find module '${request}'`);
  return load(request, ...rest);
};

const PROBLEM =
  /Invalid value lz4 for configuration compression.type: .*compression lz4 needs a package that could not be loaded/s;

test('a codec that cannot be loaded here is refused as the codec of a topic', async (t) => {
  const cluster = await startEmbedded(t, { topics: { fares: 1 } });
  const config = { 'compression.type': 'lz4' };
  t.throws(
    () => {
      cluster.createTopic('lz4', { partitions: 1, config });
    },
    { message: PROBLEM },
  );
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  const change = [['compression.type', 0, 'lz4']] as const;
  for (const [type, name, code] of [
    [TOPIC, 'fares', 40],
    [BROKER, '', 42],
  ] as const) {
    const [answer] = await changeConfigs(client, [[type, name, change]]);
    t.is(answer?.[0], code);
    t.regex(answer?.[1] ?? '', PROBLEM);
  }
  const gzip = [['compression.type', 0, 'gzip']] as const;
  t.deepEqual(await changeConfigs(client, [[TOPIC, 'fares', gzip]]), [[0, null]]);
});

test('a batch in a codec that cannot be loaded here is refused, or named by compaction', async (t) => {
  const config = { 'cleanup.policy': 'compact' };
  const cluster = await startEmbedded(t, { topics: { fares: { partitions: 1, config } } });
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  const { compress } = codecNamed('gzip');
  const body = compress(rawRecord({ key: Buffer.from('a') }));
  t.deepEqual(await produceOne(client, 'fares', rawBatch({ attributes: 1, body })), [0, 0]);
  // An empty frame of LZ4.
  const frame = Buffer.from('04224d1860408200000000', 'hex');
  t.deepEqual(await produceOne(client, 'fares', rawBatch({ attributes: 3, body: frame })), [-1, -1]);
  cluster.appendRaw('fares', 0, rawBatch({ attributes: 3, body: frame }));
  await t.throwsAsync(cluster.compact('fares'), {
    name: 'ConfigError',
    message: /compression lz4 needs a package/,
  });
});
