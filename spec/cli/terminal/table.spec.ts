import test from 'ava';
import { printable, table, type Column } from '../../../source/cli/terminal/table.ts';

const columns: readonly Column[] = [
  { title: 'NAME' },
  { title: 'N', align: 'right' },
  { title: 'NOTE', optional: true, shrinks: true },
  { title: 'TEXT', shrinks: true },
];

test('columns are as wide as what stands in them, and numbers stand on the right', (t) => {
  t.is(
    table(
      columns,
      [
        ['a', '1', '', 'short'],
        ['longer', '1,234', 'odd', ''],
      ],
      undefined,
    ),
    `NAME        N  NOTE  TEXT
a           1        short
longer  1,234  odd
`,
  );
});

test('an optional column without anything in it is left out', (t) => {
  t.is(table(columns, [['a', '1', '', 'x']], undefined), 'NAME  N  TEXT\na     1  x\n');
  t.is(table(columns, [], 80), 'NAME  N  TEXT\n');
});

test('where the terminal is too narrow, the last column is cut first, and none below 8', (t) => {
  const rows = [['a', '1', 'a note of some length', 'a text of some length']];
  t.is(
    table(columns, rows, 50),
    `NAME  N  NOTE                   TEXT
a     1  a note of some length  a text of some le…
`,
  );
  t.is(
    table(columns, rows, 30),
    `NAME  N  NOTE         TEXT
a     1  a note of …  a text …
`,
  );
  t.is(
    table(columns, rows, 5),
    `NAME  N  NOTE      TEXT
a     1  a note …  a text …
`,
  );
});

test('letters that are drawn wide count twice, and marks not at all', (t) => {
  t.is(
    table(
      [{ title: 'HOST' }, { title: 'N' }],
      [
        ['東京', '1'],
        ['e\u0301a', '2'],
        ['😀', '3'],
      ],
      undefined,
    ),
    'HOST  N\n東京  1\ne\u0301a    2\n😀    3\n',
  );
  t.is(table([{ title: 'T', shrinks: true }], [['東京東京東京']], 8), 'T\n東京東…\n');
});

test('control characters of others never reach the terminal', (t) => {
  t.is(printable('a\u001b[2Jb\nc\td\u009be'), 'a\\x1b[2Jb\\nc\\td\\x9be');
  t.is(table([{ title: 'M' }], [['\u001b[31m']], undefined), 'M\n\\x1b[31m\n');
});
