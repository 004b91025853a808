import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { optionRows } from 'kasper-ts';
import { configSample } from '../../../source/cli/settings/config-sample.ts';
import { readLayers } from '../../../source/cli/settings/layers.ts';
import { flagOf, settings, variableOf } from '../../../source/cli/settings/settings.ts';
import { folderWith } from '../job-file.ts';
import { importPlace, kasper } from '../memory-io.ts';

const noFlags = new Map<string, string | boolean>();

/** What a file kasper.config.json with this text gives, by name. */
async function readFile(t: ExecutionContext, text: string, name = 'kasper.config.json') {
  const folder = await folderWith(t, name, text);
  const { given, problems, warnings } = await readLayers(noFlags, undefined, {
    env: {},
    cwd: folder,
    ...importPlace(),
  });
  return {
    folder,
    problems,
    warnings,
    values: Object.fromEntries([...given].map(([key, { value }]) => [key, value])),
  };
}

test('of file, environment and flags the last that has a setting decides, and each knows its place', async (t) => {
  const folder = await folderWith(
    t,
    'kasper.config.json',
    '{ "batchSize": 1, "batchWaitMs": 1, "concurrency": 1, "partitions": [4, 2] }',
  );
  const env = { KASPER_BATCH_WAIT_MS: '2', KASPER_CONCURRENCY: '2', KASPER_CLAIMS: 'off', KASPER_SSL: '' };
  const flags = new Map<string, string | boolean>([
    ['concurrency', '3'],
    ['toEnd', true],
  ]);
  const { given, problems, warnings, file } = await readLayers(flags, undefined, {
    env,
    cwd: folder,
    ...importPlace(),
  });
  t.deepEqual(problems, []);
  t.deepEqual(warnings, []);
  t.is(file, 'kasper.config.json');
  t.deepEqual(Object.fromEntries(given), {
    batchSize: { value: 1, layer: 'file', place: 'kasper.config.json: batchSize' },
    batchWaitMs: { value: 2, layer: 'environment', place: 'KASPER_BATCH_WAIT_MS' },
    claims: { value: false, layer: 'environment', place: 'KASPER_CLAIMS' },
    concurrency: { value: 3, layer: 'flag', place: '--concurrency' },
    partitions: { value: [2, 4], layer: 'file', place: 'kasper.config.json: partitions' },
    toEnd: { value: true, layer: 'flag', place: '--to-end' },
  });
});

test('a file that is named goes before the one in the folder, and paths in it start from where it is', async (t) => {
  const folder = await folderWith(t, 'kasper.config.json', '{ "batchSize": 1 }');
  await mkdir(join(folder, 'deploy'));
  await writeFile(join(folder, 'deploy', 'a.json'), '{ "batchSize": 2, "sslCa": "ca.pem" }');
  await writeFile(join(folder, 'b.mjs'), 'export default { batchSize: 1 + 2 };');
  const read = async (flag: string | undefined, env = {}) => {
    const { given } = await readLayers(noFlags, flag, { env, cwd: folder, ...importPlace() });
    return [given.get('batchSize')?.value, given.get('sslCa')?.value];
  };
  t.deepEqual(await read(undefined), [1, undefined]);
  t.deepEqual(await read('deploy/a.json'), [2, join(folder, 'deploy', 'ca.pem')]);
  t.deepEqual(await read(undefined, { KASPER_CONFIG: 'b.mjs' }), [3, undefined]);
  t.deepEqual(await read('deploy/a.json', { KASPER_CONFIG: 'b.mjs' }), [2, join(folder, 'deploy', 'ca.pem')]);
});

for (const format of ['json', 'js'] as const) {
  test(`the sample in ${format} has every setting; as it stands it sets none, and with all comments taken off all are right`, async (t) => {
    const sample = configSample(format);
    const file = `kasper.config.${format}`;
    t.deepEqual(await readFile(t, sample, file).then(({ values, problems }) => ({ values, problems })), {
      values: {},
      problems: [],
    });
    const entry = format === 'json' ? /^ {2}\/\/ ("\w+": .*,)$/gm : /^ {2}\/\/ (\w+: \S.*,)$/gm;
    const { values, problems, folder } = await readFile(t, sample.replaceAll(entry, '  $1'), file);
    t.deepEqual(problems, []);
    t.deepEqual(Object.keys(values).sort(), settings.map(({ name }) => name).sort());
    for (const { name, kind, default: fallback } of settings) {
      if (fallback !== undefined) t.is(values[name], fallback, name);
      if (kind === 'file') t.true(String(values[name]).startsWith(folder), name);
      t.true(
        sample.includes(`// ${variableOf(name)}${kind === 'secret' ? '\n' : `, ${flagOf(name)}\n`}`),
        name,
      );
    }
    for (const { name, unit } of optionRows as readonly { name: string; unit?: string }[]) {
      const [before = ''] = sample.split(variableOf(name));
      const about = before.slice(before.lastIndexOf('\n\n')).replaceAll(/\s+\/\/ /g, ' ');
      if (unit !== undefined) t.true(about.includes(`Unit: ${unit};`), `${name}: ${about}`);
    }
  });
}

test('every setting has a name of its own in each layer', (t) => {
  for (const nameIn of [flagOf, variableOf])
    t.is(new Set(settings.map(({ name }) => nameIn(name))).size, settings.length);
});

test('all problems of all layers are said at once, each with its place, and no secret is shown', async (t) => {
  const folder = await folderWith(
    t,
    'kasper.config.json',
    `{
      // What people mistype, and what belongs elsewhere:
      "batchSise": 3, "zzz": 1, "inputTopics": ["a"], "client": {},
      "batchSize": "10", "ssl": 1, "saslPassword": 12345, "partitions": {}, "brokers": [], "commit": null,
    }`,
  );
  const outcome = await kasper(['config', 'show', '--batch-bytes', '-1', '--partitions', '1,x'], {
    cwd: folder,
    env: {
      KASPER_BATCH_SIZE: '0',
      KASPER_SSL: 'maybe',
      KASPER_BATCHSIZE: '5',
      KASPER_TEA: 'green',
      OTHER: '1',
    },
  });
  t.deepEqual(outcome, {
    exitCode: 2,
    stdout: '',
    stderr: `warning: KASPER_BATCHSIZE is not a setting and has no effect; did you mean KASPER_BATCH_SIZE?
warning: KASPER_TEA is not a setting and has no effect
error: Configuration: 14 problems:
  - kasper.config.json: unknown setting 'batchSise'; did you mean 'batchSize'?
  - kasper.config.json: unknown setting 'zzz'; \`kasper config sample\` prints all settings
  - kasper.config.json: 'inputTopics' is not a setting: it belongs in the job
  - kasper.config.json: 'client' is not a setting: use brokers, ssl, saslMechanism, …, or set it in the job
  - kasper.config.json: batchSize must be a whole number of records, at least 1, not '10'
  - kasper.config.json: ssl must be true or false, not 1
  - kasper.config.json: saslPassword must be text, not the value given
  - kasper.config.json: partitions must be ranges such as '0-11,14' or a list of numbers, not an object
  - kasper.config.json: brokers must be addresses such as 'localhost:9092,other:9092' or a list of them, not an empty list
  - kasper.config.json: commit must be 'pipelined' or 'each', not null
  - KASPER_SSL must be true or false (or yes, no, on, off, 1, 0), not 'maybe'
  - KASPER_BATCH_SIZE must be a whole number of records, at least 1, not 0
  - --partitions does not name partitions: 'x' is neither a number nor a range; write numbers and ranges such as 0-11,14
  - --batch-bytes must be a whole number of bytes, at least 1, not -1
`,
  });
});

test("variables that Kubernetes sets for a Service called kasper are passed over; one that hits a setting's name is explained", async (t) => {
  const env = {
    KASPER_SERVICE_HOST: '10.0.0.1',
    KASPER_SERVICE_PORT: '9464',
    KASPER_PORT: 'tcp://10.0.0.1:9464',
    KASPER_PORT_9464_TCP: 'tcp://10.0.0.1:9464',
    KASPER_PORT_9464_TCP_ADDR: '10.0.0.1',
  };
  const { warnings, problems } = await readLayers(noFlags, undefined, { env, cwd: '/', ...importPlace() });
  t.deepEqual({ warnings, problems }, { warnings: [], problems: [] });
  const hit = { KASPER_METRICS_PORT: 'tcp://10.0.0.1:9464' };
  t.deepEqual((await readLayers(noFlags, undefined, { env: hit, cwd: '/', ...importPlace() })).problems, [
    "KASPER_METRICS_PORT must be a whole number, at least 0 and at most 65535, not 'tcp://10.0.0.1:9464'; Kubernetes sets it for a Service of that name: give the Service another name, or the pod enableServiceLinks: false",
  ]);
});

test('a byte order mark before the JSON is passed over, in the lines of errors too', async (t) => {
  const good = await readFile(t, '\ufeff{ "batchSize": 7 }');
  t.deepEqual([good.problems, good.values], [[], { batchSize: 7 }]);
  const { problems } = await readFile(t, '\ufeff{\n  "batchSize": oops\n}');
  t.deepEqual(problems, ["kasper.config.json: this is not JSON: Unexpected token 'o', in line 2"]);
});

test('a file in UTF-16 is named as such', async (t) => {
  const folder = await folderWith(t, 'kasper.config.json', '');
  const text = Buffer.from('\ufeff{ "batchSize": 7 }', 'utf16le');
  await writeFile(join(folder, 'kasper.config.json'), text);
  const { problems } = await readLayers(noFlags, undefined, { env: {}, cwd: folder, ...importPlace() });
  t.is(problems.length, 1);
  t.regex(
    String(problems[0]),
    /^kasper\.config\.json: .* is in UTF-16, as PowerShell writes files: save it as UTF-8$/,
  );
});

const badFiles: readonly [title: string, name: string, text: string, problem: RegExp][] = [
  [
    'an unexpected token',
    'kasper.config.json',
    '{\n  "a": 1,\n  "b": oops\n}',
    /^kasper\.config\.json: this is not JSON: Unexpected token 'o', in line 3$/,
  ],
  [
    'a comma that is missing',
    'kasper.config.json',
    '{ // one\n "a": 1\n "b": 2 }',
    /^kasper\.config\.json: this is not JSON: Expected ',' or '}' after property value, in line 3$/,
  ],
  [
    'an end too early',
    'kasper.config.json',
    '{ "a": /* two\n lines */ 1',
    /^kasper\.config\.json: this is not JSON: Expected ',' or '}' after property value, in line 2$/,
  ],
  [
    'a list',
    'kasper.config.json',
    '[]',
    /^kasper\.config\.json: it must hold an object \{ setting: value \}; `kasper config sample` prints one$/,
  ],
  [
    'an exception',
    'kasper.config.js',
    "throw new RangeError('no luck')",
    /^kasper\.config\.js: it threw when it was imported:\n {2}RangeError: no luck\n {6}at /,
  ],
  [
    'no default export',
    'kasper.config.js',
    'export const batchSize = 1;',
    /^kasper\.config\.js: there is no default export; write `export default \{ … \}`$/,
  ],
];

for (const [title, name, text, problem] of badFiles) {
  test(`a configuration file with ${title} is a problem that names the file`, async (t) => {
    const { problems } = await readFile(t, text, name);
    t.is(problems.length, 1);
    t.regex(problems[0] ?? '', problem);
  });
}

test('strings in JSON keep what looks like a comment or a last comma', async (t) => {
  const { values, problems } = await readFile(
    t,
    '{ "storeUrl": "redis://a//b", /* c */ "clientId": "x, ] /* y */ \\" // z", }',
  );
  t.deepEqual(problems, []);
  t.deepEqual(values, { storeUrl: 'redis://a//b', clientId: 'x, ] /* y */ " // z' });
});

test('two configuration files in the folder are a problem', async (t) => {
  const { folder } = await readFile(t, '{}');
  await writeFile(join(folder, 'kasper.config.js'), 'export default {};');
  const { problems } = await readLayers(noFlags, undefined, { env: {}, cwd: folder, ...importPlace() });
  t.deepEqual(problems, [
    'kasper.config.js and kasper.config.json: both exist; keep one of them, or name one with --config',
  ]);
});
