import { readFileSync } from 'node:fs';
import test from 'ava';
import { exitCodes } from '../../source/cli/terminal/exit-codes.ts';
import { optionRows } from 'kasper-ts';
import { kasper } from './memory-io.ts';

const help = `Usage: kasper [options] [command]

Batch processing of Kafka topics

Options:
  -V, --version         print the version
  -h, --help            print this help

Commands:
  run [options] <job>   run a job: process topics in batches
  config                print a sample of the configuration file, or the settings in force
  lint [options] <job>  check a job and its settings without running it
  lag [options] [name]  show how far a job is behind, and who runs it
  offsets               show or set the committed offsets of a job
  dlq                   show, replay or delete dead letters
  topics                list topics, or describe some
  broker [options]      start a Kafka cluster in memory, for development
  help [command]        print the help for a command

Exit codes:
  0    The run ended, or a signal stopped it; what was finished is committed
  1    The job failed: in process, while sending, in a store, or at a commit; or the process ended
  2    A command, an option, the job file or the topics are wrong
  3    Kafka could not be reached, or refused a request
  4    A time limit passed; a process function that hung was abandoned
  5    The committed offset is no longer in the log: find out why, then choose where to continue
  6    Another process owns the partition
  130  A second Ctrl-C or SIGTERM: exited immediately; the batch in process is reprocessed
`;

test('--help prints the commands and every exit code to standard output', async (t) => {
  t.deepEqual(await kasper(['--help']), { exitCode: 0, stdout: help, stderr: '' });
  t.deepEqual(await kasper(['help']), { exitCode: 0, stdout: help, stderr: '' });
});

test('without a command the help goes to standard error, with the code for bad usage', async (t) => {
  t.deepEqual(await kasper([]), { exitCode: 2, stdout: '', stderr: help });
});

for (const [argv, name, group] of [
  ['rnu --help', 'rnu', 'kasper'],
  ['--help rnu', 'rnu', 'kasper'],
  ['help rnu', 'rnu', 'kasper'],
  ['offsets shwo -h', 'shwo', 'kasper offsets'],
  ['offsets help shwo', 'shwo', 'kasper offsets'],
] as const) {
  test(`kasper ${argv}: there is no help for a command that does not exist`, async (t) => {
    const nearest = name === 'rnu' ? 'run' : 'show';
    t.deepEqual(await kasper(argv.split(' ')), {
      exitCode: 2,
      stdout: '',
      stderr: `error: unknown command '${name}'\n(Did you mean ${nearest}?)\n(see ${group} --help)\n`,
    });
  });
}

test('a group and a command whose arguments look like commands have their help', async (t) => {
  const group = await kasper(['offsets', '--help']);
  t.deepEqual([group.exitCode, group.stderr], [0, '']);
  t.regex(group.stdout, /^Usage: kasper offsets /);
  t.regex((await kasper(['help', 'offsets'])).stdout, /^Usage: kasper offsets /);
  t.regex((await kasper(['run', 'job.mjs', '--help'])).stdout, /^Usage: kasper run /);
  t.regex((await kasper(['offsets', 'show', 'name', '--help'])).stdout, /^Usage: kasper offsets show /);
});

for (const command of [
  '',
  'run',
  'lint',
  'lag',
  'offsets',
  'offsets show',
  'offsets reset',
  'topics',
  'topics list',
  'topics describe',
  'config',
  'config sample',
  'config show',
  'broker',
]) {
  test(`the help of kasper ${command} fits a terminal of 80 columns`, async (t) => {
    const argv = [...command.split(' ').filter((word) => word !== ''), '--help'];
    const { stdout } = await kasper(argv, { columns: 80 });
    t.deepEqual(
      stdout.split('\n').filter((line) => line.length > 80),
      [],
    );
  });
}

test('errors are broken between words on a terminal', async (t) => {
  const { stderr } = await kasper(['lag', 'a'], { columns: 80 });
  t.is(
    stderr,
    'error: Connection: no Kafka is named: give --brokers host:9092, KASPER_BROKERS,\n' +
      '  or brokers in kasper.config.json\n',
  );
});

test('each flag that turns something off says what is so then', async (t) => {
  const { stdout } = await kasper(['run', '--help']);
  const words = stdout.replaceAll(/\s+/g, ' ');
  for (const [flag, text] of [
    ['--no-progress', 'show no progress, on a terminal either'],
    ['--no-claims', 'Claims no partition: a second process'],
    ['--no-idempotent', 'The broker stores what a retry sends a second time'],
  ] as const)
    t.true(words.includes(`${flag} ${text}`), flag);
  t.deepEqual(words.match(/ --no-[a-z-]+/g), [' --no-progress', ' --no-claims', ' --no-idempotent']);
});

test("--version prints the package's version", async (t) => {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  t.deepEqual(await kasper(['--version']), { exitCode: 0, stdout: `${version}\n`, stderr: '' });
  t.deepEqual(await kasper(['-V']), { exitCode: 0, stdout: `${version}\n`, stderr: '' });
});

test('exit codes are distinct', (t) => {
  const codes = Object.values(exitCodes).map(({ code }) => code);
  t.is(new Set(codes).size, codes.length);
});

test('run --help shows a flag for every scalar option, with its default', async (t) => {
  const { exitCode, stdout } = await kasper(['run', '--help']);
  t.is(exitCode, 0);
  const words = stdout.replaceAll(/\s+/g, ' ');
  for (const row of optionRows) {
    const flag = `--${row.name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    const [, description] = words.replace(' Options: -h, --help print this help', '').split(` ${flag} `);
    t.truthy(description, flag);
    const [own = ''] = (description ?? '').split(' --');
    if (row.kind !== 'boolean' && row.default !== undefined)
      t.regex(own.trim(), new RegExp(`default ${row.default}\\)$`), flag);
  }
});

const SEE = '(see kasper --help)';
const SEE_RUN = '(see kasper run --help)';
const SEE_BROKER = '(see kasper broker --help)';

const SEE_LAG = '(see kasper lag --help)';
const SEE_SHOW = '(see kasper offsets show --help)';
const SEE_RESET = '(see kasper offsets reset --help)';
const SEE_LIST = '(see kasper topics list --help)';
const SEE_DESCRIBE = '(see kasper topics describe --help)';
const TIME_FORM =
  'It must be a time with its zone, such as 2026-01-31T12:00:00Z or 2026-01-31T12:00+01:00, or milliseconds since 1970.';
const timeRefused = (time: string): [string, string] => [
  `offsets reset a --to-time ${time}`,
  `error: option '--to-time <time>' argument '${time}' is invalid. ${TIME_FORM}\n${SEE_RESET}\n`,
];

const badUsage: readonly [argv: string, stderr: string][] = [
  ['rnu', `error: unknown command 'rnu'\n(Did you mean run?)\n${SEE}\n`],
  ['--verison', `error: unknown option '--verison'\n(Did you mean --version?)\n${SEE}\n`],
  ['run', `error: missing required argument 'job'\n${SEE_RUN}\n`],
  ['run a.js b.js', `error: too many arguments for 'run'. Expected 1 argument but got 2.\n${SEE_RUN}\n`],
  [
    'run a.js --batch-siz 3',
    `error: unknown option '--batch-siz'\n(Did you mean --batch-size?)\n${SEE_RUN}\n`,
  ],
  ['run a.js --batch-size', `error: option '--batch-size <records>' argument missing\n${SEE_RUN}\n`],
  [
    'run a.js --batch-size 0',
    `error: Configuration: --batch-size must be a whole number of records, at least 1, not 0\n`,
  ],
  [
    'run a.js --commit-timeout-ms 1e9',
    `error: Configuration: --commit-timeout-ms must be a whole number of ms, at least 1000 and at most 2147483647, not '1e9'\n`,
  ],
  [
    'run a.js --concurrency two',
    `error: Configuration: --concurrency must be a whole number, at least 1, not 'two'\n`,
  ],
  ['run a.js --commit maybe', `error: Configuration: --commit must be 'pipelined' or 'each', not 'maybe'\n`],
  [
    'run a.js --partitions 5-3,1,1',
    `error: Configuration: --partitions does not name partitions: '5-3' goes down; write 3-5; '1' names partition 1 again, after '1'\n`,
  ],
  [
    'run a.js --brokers localhost',
    `error: Configuration: --brokers must be addresses such as localhost:9092, which 'localhost' is not\n`,
  ],
  [
    'run a.js --brokers a:1,b:70000',
    `error: Configuration: --brokers must be addresses such as localhost:9092, which 'b:70000' is not\n`,
  ],
  ['run a.js --log-format xml', `error: Configuration: --log-format must be 'json' or 'text', not 'xml'\n`],
  [
    'run a.js --batch-size 0 --workers many --store disk --brokers x',
    'error: Configuration: 4 problems:\n' +
      "  - --workers must be a whole number of processes, at least 1 and at most 1000, not 'many'\n" +
      "  - --brokers must be addresses such as localhost:9092, which 'x' is not\n" +
      "  - --store must be 'map' or 'redis' or 'elasticsearch', not 'disk'\n" +
      '  - --batch-size must be a whole number of records, at least 1, not 0\n',
  ],
  ['run a.js --sasl-password secret', `error: unknown option '--sasl-password'\n${SEE_RUN}\n`],
  [
    'run a.js --config nowhere.json',
    'error: Configuration: nowhere.json: there is no such file (looked for FOLDER/nowhere.json)\n',
  ],
  [
    'config sample --format yaml',
    `error: option '--format <format>' argument 'yaml' is invalid. Allowed choices are json, js.\n(see kasper config sample --help)\n`,
  ],
  ['config smaple', `error: unknown command 'smaple'\n(Did you mean sample?)\n(see kasper config --help)\n`],
  [
    'broker --port 70000',
    `error: option '--port <port>' argument '70000' is invalid. It must be a whole number from 0 to 65535.\n${SEE_BROKER}\n`,
  ],
  [
    'broker --topic words',
    `error: option '-t, --topic <name:partitions>' argument 'words' is invalid. It must be a name and a number of partitions, such as words:4.\n${SEE_BROKER}\n`,
  ],
  [
    'broker --topic words:4 --topic words:2',
    `error: option '-t, --topic <name:partitions>' argument 'words:2' is invalid. Topic 'words' is given twice.\n${SEE_BROKER}\n`,
  ],
  [
    'lag --brokers a:1',
    'error: Group: give the topicProcessorName of a job, or --group with the id of a consumer group\n',
  ],
  ['lag a --group b --brokers a:1', "error: Group: give either a name ('a') or --group ('b')\n"],
  [
    'lag kasper-topic-processor-a --brokers a:1',
    "error: Group: 'kasper-topic-processor-a' is the id of the group; give --group kasper-topic-processor-a, or the name alone: a\n",
  ],
  [
    'lag a/b --brokers a:1',
    "error: Group: 'a/b' is not a topicProcessorName (1 to 200 letters, digits, dots, dashes or underscores)\n",
  ],
  [
    'offsets show a-claims --brokers a:1',
    "error: Group: 'a-claims' is not a topicProcessorName, since it ends with -claims; the claims of a job are shown by `kasper offsets show a`\n",
  ],
  [
    'lag a',
    'error: Connection: no Kafka is named: give --brokers host:9092, KASPER_BROKERS, or brokers in kasper.config.json\n',
  ],
  ['lag a b', `error: too many arguments for 'lag'. Expected 1 argument but got 2.\n${SEE_LAG}\n`],
  ['lag a --jsno', `error: unknown option '--jsno'\n(Did you mean --json?)\n${SEE_LAG}\n`],
  [
    'lag a --topics a,,b',
    `error: option '-t, --topics <names>' argument 'a,,b' is invalid. '' is not a topic name (1 to 249 letters, digits, dots, dashes or underscores).\n${SEE_LAG}\n`,
  ],
  [
    'lag a --topics a,b,a',
    `error: option '-t, --topics <names>' argument 'a,b,a' is invalid. 'a' is given twice.\n${SEE_LAG}\n`,
  ],
  [
    'lag a --partitions 3-1',
    `error: option '-p, --partitions <ranges>' argument '3-1' is invalid. '3-1' goes down; write 1-3\n${SEE_LAG}\n`,
  ],
  [
    'lag a --isolation dirty',
    `error: option '--isolation <level>' argument 'dirty' is invalid. Allowed choices are read_committed, read_uncommitted.\n${SEE_LAG}\n`,
  ],
  ['offsets shwo', `error: unknown command 'shwo'\n(Did you mean show?)\n(see kasper offsets --help)\n`],
  ['offsets show a --executed', `error: unknown option '--executed'\n${SEE_SHOW}\n`],
  [
    'offsets reset a --brokers a:1',
    'error: Target: give a target: --to-earliest, --to-latest, --to-time, --to-offset or --shift-by\n',
  ],
  [
    'offsets reset a --to-latest --to-offset 3 --brokers a:1',
    'error: Target: give only one of --to-latest and --to-offset\n',
  ],
  [
    'offsets reset a --to-offset -3',
    `error: option '--to-offset <offset>' argument '-3' is invalid. It must be a whole number from 0.\n${SEE_RESET}\n`,
  ],
  [
    'offsets reset a --shift-by 0',
    `error: option '--shift-by <n>' argument '0' is invalid. It must be a whole number other than 0, such as -100 or +100.\n${SEE_RESET}\n`,
  ],
  [
    'offsets reset a --claim-timeout-ms 10',
    `error: option '--claim-timeout-ms <ms>' argument '10' is invalid. It must be a whole number of ms, at least 6000 and at most 2147483647.\n${SEE_RESET}\n`,
  ],
  timeRefused('yesterday'),
  timeRefused('2026-01-31'),
  timeRefused('2026-01-31T12:00:00'),
  timeRefused('2026-02-30T12:00:00Z'),
  timeRefused('2026-01-31T25:00:00Z'),
  timeRefused('-5'),
  ['topics list a', `error: too many arguments for 'list'. Expected 0 arguments but got 1.\n${SEE_LIST}\n`],
  ['topics describe', `error: missing required argument 'topics'\n${SEE_DESCRIBE}\n`],
];

for (const [argv, stderr] of badUsage) {
  test(`kasper ${argv}: says what is wrong on standard error and ends with 2`, async (t) => {
    t.deepEqual(await kasper(argv.split(' ')), {
      exitCode: 2,
      stdout: '',
      stderr: stderr.replace('FOLDER', process.cwd()),
    });
  });
}
