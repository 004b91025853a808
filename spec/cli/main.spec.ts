import { readFileSync } from 'node:fs';
import test from 'ava';
import { exitCodes } from '../../source/cli/exit-codes.ts';
import { optionRows } from 'kasper-ts';
import { kasper } from './memory-io.ts';

const help = `Usage: kasper [options] [command]

Batch processing of Kafka topics

Options:
  -V, --version        print the version
  -h, --help           print this help

Commands:
  run [options] <job>  run a job: process topics in batches
  config               settings: print a sample of the configuration file, or what is in force
  broker [options]     start a Kafka cluster in memory, for development
  help [command]       print the help of a command

Exit codes:
  0    The run ended, or a signal stopped it; what was finished is committed
  1    The job failed: in process, while sending, in a store, or at a commit
  2    A command, an option, the job file or the topics do not fit
  3    Kafka could not be reached, or refused
  4    A time limit was passed; a process function that hung was cut off
  5    The committed offset is no longer in the log: look, then decide
  6    Another process owns the partition
  130  A second Ctrl-C or SIGTERM: exited at once, the batch in hand comes again
`;

test('--help prints the commands and every exit code to standard output', async (t) => {
  t.deepEqual(await kasper(['--help']), { exitCode: 0, stdout: help, stderr: '' });
  t.deepEqual(await kasper(['help']), { exitCode: 0, stdout: help, stderr: '' });
});

test('without a command the help goes to standard error, with the code for bad usage', async (t) => {
  t.deepEqual(await kasper([]), { exitCode: 2, stdout: '', stderr: help });
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

const SEE = '(kasper --help tells more)';
const SEE_RUN = '(kasper run --help tells more)';
const SEE_BROKER = '(kasper broker --help tells more)';

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
    `error: option '--format <format>' argument 'yaml' is invalid. Allowed choices are json, js.\n(kasper config sample --help tells more)\n`,
  ],
  [
    'config smaple',
    `error: unknown command 'smaple'\n(Did you mean sample?)\n(kasper config --help tells more)\n`,
  ],
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
