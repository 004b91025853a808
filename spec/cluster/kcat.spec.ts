import test from 'ava';
import { startEmbedded, uniqueName } from '../_helpers/embedded.ts';
import { requireTool, runTool } from '../_helpers/tools.ts';

const lines = Array.from({ length: 500 }, (_, i) => `k${i}:value ${i}`);

test('kcat lists brokers, topics and partitions', async (t) => {
  const kcat = requireTool(t, 'kcat');
  if (kcat === undefined) return;
  const cluster = await startEmbedded(t, { brokers: 3, topics: { flights: 4 } });
  const text = await runTool(kcat, ['-b', cluster.brokers.join(','), '-L']);
  t.regex(text, / 3 brokers:/);
  t.regex(text, /topic "flights" with 4 partitions/);
});

for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
  test(`kcat reads what it wrote, compressed by ${codec}`, async (t) => {
    const kcat = requireTool(t, 'kcat');
    if (kcat === undefined) return;
    const cluster = await startEmbedded(t, { brokers: 3, topics: { flights: 4 } });
    const broker = ['-b', cluster.brokers.join(','), '-t', 'flights'];
    await runTool(
      kcat,
      [...broker, '-P', '-K:', '-z', codec, '-X', 'enable.idempotence=true'],
      lines.join('\n'),
    );
    const text = await runTool(kcat, [...broker, '-C', '-o', 'beginning', '-e', '-q', '-K:']);
    t.deepEqual(text.trim().split('\n').sort(), [...lines].sort());
    const codecs = [0, 1, 2, 3].flatMap((partition) =>
      cluster.recordBatches('flights', partition).map((batch) => batch.readInt16BE(21) & 7),
    );
    t.deepEqual([...new Set(codecs)], [['none', 'gzip', 'snappy', 'lz4', 'zstd'].indexOf(codec)]);
  });
}

test('kcat finds offsets by time', async (t) => {
  const kcat = requireTool(t, 'kcat');
  if (kcat === undefined) return;
  const cluster = await startEmbedded(t, { topics: { flights: 1 } });
  const broker = ['-b', cluster.brokers.join(',')];
  const before = Date.now();
  await runTool(kcat, [...broker, '-P', '-t', 'flights', '-z', 'gzip'], 'a\nb\nc\n');
  const query = await runTool(kcat, [...broker, '-Q', '-t', `flights:0:${before}`]);
  t.is(query.trim(), 'flights [0] offset 0');
  const end = await runTool(kcat, [...broker, '-Q', '-t', `flights:0:${Date.now() + 60_000}`]);
  t.is(end.trim(), 'flights [0] offset -1');
});

test('kcat consumes as a member of a group, commits, and leaves', async (t) => {
  const kcat = requireTool(t, 'kcat');
  if (kcat === undefined) return;
  const cluster = await startEmbedded(t, { brokers: 2, topics: { flights: 4 } });
  const broker = ['-b', cluster.brokers.join(',')];
  const groupId = uniqueName('group');
  await runTool(kcat, [...broker, '-P', '-t', 'flights', '-K:'], lines.join('\n'));
  const member = [...broker, '-G', groupId, '-q', '-X', 'auto.offset.reset=earliest', '-e', 'flights'];
  const text = await runTool(kcat, member);
  t.is(text.trim().split('\n').length, 500);
  t.is(
    cluster.committed(groupId).reduce((sum, { offset }) => sum + offset, 0),
    500,
  );
  t.is((await runTool(kcat, member)).trim(), '');
});
