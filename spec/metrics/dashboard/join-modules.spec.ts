import { runInNewContext } from 'node:vm';
import test from 'ava';
import { joinModules } from '../../../metrics/dashboard/join-modules.ts';

function joined(
  files: Readonly<Record<string, string>>,
  globals: Readonly<Record<string, string>> = {},
): string {
  return joinModules('main.js', (path) => files[path] ?? `missing: ${path}`, globals);
}

test('modules run once each, those that are imported first, and keep their names to themselves', (t) => {
  const script = joined({
    'main.js':
      "import { a as first } from './one.js';\nimport { b } from './sub/two.js';\nconst hidden = 'main';\nlog.push(first, b, hidden);\n",
    'one.js':
      "import { twice } from './sub/three.js';\nconst hidden = 'one';\nexport const a = twice(hidden);\n",
    'sub/two.js':
      'import {\n  twice,\n} from "./three.js";\nconst hidden = \'two\';\nexport class B {}\nexport const b = twice(hidden);\n',
    'sub/three.js':
      "log.push('three');\nexport function twice(text) {\n  return text + text;\n}\n//# sourceMappingURL=three.js.map\n",
  });
  const log: string[] = [];
  runInNewContext(script, { log });
  t.deepEqual(log, ['three', 'oneone', 'twotwo', 'main']);
});

test('the default import of a package is the global that it set', (t) => {
  const script = joined(
    { 'main.js': "import Chart from 'charts';\nlog.push(Chart);\n" },
    { charts: 'theChart' },
  );
  const log: string[] = [];
  runInNewContext(script, { log, theChart: 'a chart' });
  t.deepEqual(log, ['a chart']);
});

for (const [text, message] of [
  ["import * as all from './one.js';", /import that cannot be joined: \* as all/],
  ["import './one.js';", /statement that cannot be joined: import '\.\/one\.js'/],
  ['export default 1;', /statement that cannot be joined: export default 1/],
  ["export { a } from './one.js';", /cannot be joined/],
  ["import { a } from 'elsewhere';", /main\.js imports elsewhere, which the page does not have/],
  ["import { a } from './main.js';", /main\.js imports main\.js/],
] as const) {
  test(`what is not understood is an error that names it: ${text}`, (t) => {
    t.throws(() => joined({ 'main.js': text, 'one.js': 'export const a = 1;' }), { message });
  });
}
