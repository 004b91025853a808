import test from 'ava';
import { regionOf } from '../../../scripts/checks/excerpt.ts';

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
