import { realpathSync } from 'node:fs';
import test from 'ava';
import { loadJob } from '../../../source/cli/job/job-module.ts';
import { ConfigError } from 'kasper-ts';
import { folderWith } from '../job-file.ts';
import { importPlace, kasper } from '../memory-io.ts';

const FORM =
  "write `export default defineJob({ topicProcessorName, inputTopics, processor, … })`, from 'kasper-ts'";

test('a job file gives the job that it exports by default', async (t) => {
  const folder = await folderWith(
    t,
    'job.mjs',
    "export default { topicProcessorName: 'a', inputTopics: ['b'], processor: { process() {} } };",
  );
  const job = await loadJob('job.mjs', { cwd: folder, ...importPlace() });
  t.deepEqual([job.topicProcessorName, job.inputTopics], ['a', ['b']]);
});

test('a CommonJS file may set module.exports, or exports.default as compilers write it', async (t) => {
  const plain = await folderWith(
    t,
    'job.cjs',
    'module.exports = { processor: { process() {} }, inputTopics: [1] };',
  );
  t.deepEqual((await loadJob('job.cjs', { cwd: plain, ...importPlace() })).inputTopics as unknown, [1]);
  const compiled = await folderWith(
    t,
    'job.cjs',
    'exports.__esModule = true; exports.default = { processor: { process() {} }, inputTopics: [2] };',
  );
  t.deepEqual((await loadJob('job.cjs', { cwd: compiled, ...importPlace() })).inputTopics as unknown, [2]);
});

const bad: readonly [what: string, text: string, problem: string][] = [
  ['no export at all', 'const a = 1;', `there is no default export (it exports nothing); ${FORM}`],
  [
    'named exports only',
    'export const job = {}; export const x = 1;',
    `there is no default export (it exports job, x); ${FORM}`,
  ],
  ['a number', 'export default 7;', `the default export is a number, not a job; ${FORM}`],
  ['null', 'export default null;', `the default export is null, not a job; ${FORM}`],
  ['a function', 'export default () => ({});', `the default export is a function, not a job; ${FORM}`],
  [
    'a promise',
    'export default Promise.resolve({});',
    'the default export is a promise; await it: `export default await …`',
  ],
  [
    'a job without processor',
    "export default { topicProcessorName: 'a', inputTopics: [] };",
    'the job has no processor (it has topicProcessorName, inputTopics); give an object with process(messages, sender, context), or eachMessage(…)',
  ],
];

for (const [what, text, problem] of bad) {
  test(`a job file with ${what} is refused with what to write instead`, async (t) => {
    const folder = await folderWith(t, 'job.mjs', text);
    const error = await t.throwsAsync(loadJob('job.mjs', { cwd: folder, ...importPlace() }), {
      instanceOf: ConfigError,
    });
    t.is(error.message, `job.mjs: ${problem}`);
  });
}

test('a job file that is not there, or is a folder, is named with its full path', async (t) => {
  const folder = await folderWith(t, 'job.mjs', '');
  t.deepEqual(await kasper(['run', 'jop.mjs'], { cwd: folder }), {
    exitCode: 2,
    stdout: '',
    stderr: `error: jop.mjs: there is no such file (looked for ${folder}/jop.mjs)\n`,
  });
  t.deepEqual(await kasper(['run', '.'], { cwd: folder }), {
    exitCode: 2,
    stdout: '',
    stderr: 'error: .: this is a folder; name the job file in it\n',
  });
});

test('what a job file throws when it is imported is shown with the line that threw', async (t) => {
  const folder = await folderWith(t, 'job.mjs', "\nthrow new RangeError('no luck');");
  const { exitCode, stderr } = await kasper(['run', 'job.mjs'], { cwd: folder });
  t.is(exitCode, 2);
  t.regex(
    stderr,
    /^error: job\.mjs: it threw when it was imported:\n {2}RangeError: no luck\n {6}at .*job\.mjs:2:7\n$/,
  );
  const other = await folderWith(t, 'job.mjs', "throw 'a text';");
  t.is(
    (await kasper(['run', 'job.mjs'], { cwd: other })).stderr,
    'error: job.mjs: it threw a text when it was imported\n',
  );
});

test('a syntax error in a job file is shown with file and line', async (t) => {
  const folder = await folderWith(t, 'job.mjs', 'export default {\n  oops oops\n};');
  const { exitCode, stderr } = await kasper(['run', 'job.mjs'], { cwd: folder });
  t.is(exitCode, 2);
  t.regex(stderr, /job\.mjs: it threw when it was imported:/);
  t.regex(stderr, /SyntaxError: /);
});

test('a package that a job file imports and that is not installed is named', async (t) => {
  const folder = await folderWith(t, 'job.mjs', "import 'a-package-that-nobody-has';");
  const { exitCode, stderr } = await kasper(['run', 'job.mjs'], { cwd: folder });
  t.is(exitCode, 2);
  t.is(
    stderr,
    `error: job.mjs: Cannot find package 'a-package-that-nobody-has' imported from ${realpathSync(folder)}/job.mjs. ` +
      'Install the package, or fix the path in the import (with its extension)\n',
  );
});

test('a TypeScript job runs where Node.js strips types; elsewhere the message says how', async (t) => {
  const folder = await folderWith(
    t,
    'job.mts',
    "const name: string = 'typed'; export default { topicProcessorName: name, inputTopics: ['b'], processor: { process() {} } };",
  );
  if (Reflect.get(process.features, 'typescript')) {
    t.is((await loadJob('job.mts', { cwd: folder, ...importPlace() })).topicProcessorName, 'typed');
  } else {
    const { exitCode, stderr } = await kasper(['run', 'job.mts'], { cwd: folder });
    t.is(exitCode, 2);
    t.is(
      stderr,
      `error: job.mts: Node.js ${process.versions.node} cannot load it: Unknown file extension ".mts" for ${realpathSync(folder)}/job.mts. ` +
        'TypeScript is loaded by Node.js 22.18 or later; with this one compile the job first (tsc), or run kasper under a loader such as tsx: ' +
        'NODE_OPTIONS="--import tsx" kasper run …\n',
    );
  }
});
