import { fileURLToPath } from 'node:url';
import test from 'ava';
import { runNode } from '../_helpers/child-process.ts';

test('records that waited for the partitions of their topic do not make those after them old', async (t) => {
  const program = fileURLToPath(new URL('waiting-sends.js', import.meta.url));
  const { code, output } = await runNode(['--max-semi-space-size=1', program]);
  t.is(code, 0, output);
  t.true(Number(output) <= 1, `${output.trim()} objects for 50000 records were in old space`);
});
