import { startEmbedded, uniqueName } from '../_helpers/servers/embedded.ts';
import { kcat } from '../_helpers/servers/kafka-tools.ts';
import { testWith } from '../_helpers/servers/services.ts';

const idempotent = ['-X', 'enable.idempotence=true'];
const lines = Array.from({ length: 500 }, (_, i) => `k${i}:value ${i}`);

testWith(['kcat'], 'kcat lists brokers, topics and partitions', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 3, topics: { flights: 4 } });
  const text = await kcat(cluster.brokers, ['-L']);
  t.regex(text, / 3 brokers:/);
  t.regex(text, /topic "flights" with 4 partitions/);
});

for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
  testWith(['kcat'], `kcat reads what it wrote, compressed by ${codec}`, async (t) => {
    const cluster = await startEmbedded(t, { brokers: 3, topics: { flights: 4 } });
    const flights = ['-t', 'flights'];
    // A batch that does not become smaller is sent as it is, such as one of a single record; when a
    // batch is sent follows the time that reading the lines takes. So all of a partition are one.
    const whole = ['-X', `batch.num.messages=${lines.length / 4}`, '-X', 'linger.ms=60000'];
    for (const partition of [0, 1, 2, 3]) {
      await kcat(
        cluster.brokers,
        [...flights, '-p', String(partition), '-P', '-K:', '-z', codec, ...whole, ...idempotent],
        lines.filter((_line, at) => at % 4 === partition).join('\n'),
      );
    }
    const text = await kcat(cluster.brokers, [...flights, '-C', '-o', 'beginning', '-e', '-q', '-K:']);
    t.deepEqual(text.trim().split('\n').sort(), [...lines].sort());
    const codecs = [0, 1, 2, 3].flatMap((partition) =>
      cluster.recordBatches('flights', partition).map((batch) => batch.readInt16BE(21) & 7),
    );
    const id = ['none', 'gzip', 'snappy', 'lz4', 'zstd'].indexOf(codec);
    t.deepEqual(codecs, [id, id, id, id], 'one batch in each partition');
  });
}

testWith(['kcat'], 'kcat finds offsets by time', async (t) => {
  const cluster = await startEmbedded(t, { topics: { flights: 1 } });
  const before = Date.now();
  await kcat(cluster.brokers, ['-P', '-t', 'flights', '-z', 'gzip'], 'a\nb\nc\n');
  const query = await kcat(cluster.brokers, ['-Q', '-t', `flights:0:${before}`]);
  t.is(query.trim(), 'flights [0] offset 0');
  const end = await kcat(cluster.brokers, ['-Q', '-t', `flights:0:${Date.now() + 60_000}`]);
  t.is(end.trim(), 'flights [0] offset -1');
});

testWith(['kcat'], 'kcat consumes as a member of a group, commits, and leaves', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 2, topics: { flights: 4 } });
  const groupId = uniqueName('group');
  await kcat(cluster.brokers, ['-P', '-t', 'flights', '-K:'], lines.join('\n'));
  const member = ['-G', groupId, '-q', '-X', 'auto.offset.reset=earliest', '-e', 'flights'];
  const text = await kcat(cluster.brokers, member);
  t.is(text.trim().split('\n').length, 500);
  t.is(
    cluster.committed(groupId).reduce((sum, { offset }) => sum + offset, 0),
    500,
  );
  t.is((await kcat(cluster.brokers, member)).trim(), '');
});
