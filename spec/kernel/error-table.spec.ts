import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import * as kasper from 'kasper-ts';
import { errorTable } from '../../source/kernel/error-table.ts';

const root = new URL('../../../', import.meta.url);
const sources = ['source/', 'stores/', 'metrics/'].flatMap((folder) =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(new URL(folder + file, root), 'utf8')),
);

test('every class of errors has a row in the table, and every row a class', (t) => {
  const classes = sources.flatMap((text) => [
    ...text.matchAll(/class (\w+) extends KasperError \{(?:\s+override readonly code = '(\w+)';)?/g),
  ]);
  t.deepEqual(
    classes.map(([, name = '', code = 'no code']) => `${code} ${name}`).sort(),
    Object.entries(errorTable)
      .map(([code, { className }]) => `${code} ${className}`)
      .sort(),
  );
});

test('every class of errors is exported', (t) => {
  for (const { className } of Object.values(errorTable)) {
    const exported: unknown = kasper[className];
    t.is(typeof exported, 'function', className);
  }
});
