import test from 'ava';
import { importsOf, regionOf } from '../../../scripts/checks/excerpt.ts';

const source =
  'a\n  // #region one\n  b(() => {\n    c();\n  });\n  // #endregion\n// #region two\n\nd\n// #endregion';

test('a region stands without its marks and without their indentation', (t) => {
  t.is(regionOf(source, 'one', 'file.ts'), 'b(() => {\n  c();\n});');
  t.is(regionOf(source, 'two', 'file.ts'), 'd');
});

test('a region that is not there, or does not end, is an error that names it', (t) => {
  t.throws(() => regionOf(source, 'three', 'file.ts'), {
    message: "file.ts has no region 'three' with its end",
  });
  t.throws(() => regionOf('// #region one\na', 'one', 'file.ts'), {
    message: /no region 'one' with its end/,
  });
});

const imports =
  "import { join } from 'node:path';\nimport {\n  openClient,\n  type KafkaClient,\n  type Store,\n} from 'kasper-ts';\nimport { near } from './near.ts';\n";

test('a region gets the imports that it uses, and no others', (t) => {
  t.deepEqual(importsOf(imports, 'openClient(); const a: Store = rejoin();', 'file.ts'), [
    "import { openClient, type Store } from 'kasper-ts';",
  ]);
  t.deepEqual(importsOf(imports, 'let a: KafkaClient;', 'file.ts'), [
    "import type { KafkaClient } from 'kasper-ts';",
  ]);
  t.deepEqual(importsOf(imports, 'join()', 'file.ts'), ["import { join } from 'node:path';"]);
});

test('a region that needs a file of the repository is an error that names it', (t) => {
  t.throws(() => importsOf(imports, 'near()', 'file.ts'), {
    message: 'file.ts: a page cannot show what needs ./near.ts',
  });
});
