import { Writable } from 'node:stream';
import test from 'ava';
import winston from 'winston';
import { ConfigError, ProcessError } from 'kasper-ts';
import { winstonLogger, type WinstonLoggerOptions } from 'kasper-ts/logging';

const TIME = '2026-01-31T12:00:00.000Z';

/** A stream that keeps what was written, with all times replaced by one. */
function lines() {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(String(chunk).replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/, TIME));
      done();
    },
  });
  return { stream, written };
}

/** A logger that writes to memory. */
function memoryLogger(options: Omit<WinstonLoggerOptions, 'stream'> = {}) {
  const { stream, written } = lines();
  return { logger: winstonLogger({ ...options, stream }), written };
}

/** winston's streams hand lines on in later turns of the event loop. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a JSON line holds time, level and message first, then the fields of children and of the call', async (t) => {
  const { logger, written } = memoryLogger();
  logger.child({ topicProcessor: 'reach' }).child({ partition: 3 }).info('Batch done', { records: 1000 });
  logger.warn('Alone');
  await settled();
  t.deepEqual(written, [
    `{"time":"${TIME}","level":"info","message":"Batch done","topicProcessor":"reach","partition":3,"records":1000}\n`,
    `{"time":"${TIME}","level":"warn","message":"Alone"}\n`,
  ]);
});

test('a text line is one line with name=value, quoted where needed', async (t) => {
  const { logger, written } = memoryLogger({ format: 'text' });
  logger.child({ topicProcessor: 'reach' }).warn('Two\nlines', {
    at: 'tweets/3',
    why: 'not found, yet',
    partitions: [1, 2],
    nothing: undefined,
  });
  await settled();
  t.deepEqual(written, [
    `${TIME} warn  Two\\nlines topicProcessor=reach at=tweets/3 why="not found, yet" partitions=[1,2]\n`,
  ]);
});

test('lines below the level are dropped', async (t) => {
  const { logger, written } = memoryLogger({ format: 'text', level: 'warn' });
  logger.debug('debug');
  logger.info('info');
  logger.warn('warn');
  logger.error('error');
  await settled();
  t.deepEqual(written, [`${TIME} warn  warn\n`, `${TIME} error error\n`]);
});

test('a JSON line has an error with code, stack, causes and later failures, and no own properties of foreign errors', async (t) => {
  const { logger, written } = memoryLogger();
  const cause = Object.assign(new Error('socket hang up'), {
    code: 'ECONNRESET',
    config: { password: 'secret' },
  });
  const error = new ProcessError('The process failed', { cause, partition: 1, ranges: [] });
  error.suppressed.push(new Error('and close failed'), 'a text');
  logger.error('Batch failed', { error });
  await settled();
  t.is(written.length, 1);
  t.notRegex(written[0] ?? '', /secret/);
  const line = JSON.parse(written[0] ?? '') as { error: Record<string, unknown> };
  t.is(line.error['stack'], error.stack);
  t.deepEqual(
    { ...line.error, stack: '' },
    {
      name: 'ProcessError',
      code: 'PROCESS',
      message: 'The process failed',
      stack: '',
      cause: { name: 'Error', code: 'ECONNRESET', message: 'socket hang up', stack: cause.stack },
      suppressed: [
        {
          name: 'Error',
          message: 'and close failed',
          stack: (error.suppressed[0] as Error).stack,
        },
        'a text',
      ],
    },
  );
});

test('a text line has the messages of an error and its causes, without stacks', async (t) => {
  const { logger, written } = memoryLogger({ format: 'text' });
  const error = new ConfigError(['no topics'], { what: 'job.js', cause: new TypeError('inner') });
  error.suppressed.push(new Error('later'));
  logger.error('Failed', { error });
  await settled();
  t.deepEqual(written, [
    `${TIME} error Failed error="ConfigError [CONFIG]: job.js: no topics; caused by TypeError: inner; also: Error: later"\n`,
  ]);
});

test('an error that comes up again in a line is named, and not shown once more', async (t) => {
  const { logger, written } = memoryLogger();
  const lost = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  const error = new AggregateError([new Error('other', { cause: lost })], 'around', { cause: lost });
  lost.cause = error;
  logger.error('Failed', { error });
  await settled();
  const line = JSON.parse(written[0] ?? '') as Record<string, unknown>;
  t.like(line['error'], {
    message: 'around',
    cause: { code: 'ECONNRESET', message: 'socket hang up', cause: 'AggregateError: around' },
    suppressed: [{ message: 'other', cause: 'Error [ECONNRESET]: socket hang up' }],
  });
});

test('an error whose properties throw is logged all the same', async (t) => {
  const refuse = {
    get() {
      throw new Error('not to be read');
    },
  };
  const error = Object.defineProperties(new Error('hidden'), {
    // First, since Node makes the stack when it is defined.
    stack: refuse,
    name: refuse,
    message: refuse,
    cause: refuse,
    code: refuse,
  });
  for (const [format, shown] of [
    ['json', '"error":{"name":"Error","message":"[object Error]"}'],
    ['text', 'error="Error: [object Error]"'],
  ] as const) {
    const { logger, written } = memoryLogger({ format });
    logger.error('Failed', { error });
    await settled();
    t.true(written[0]?.includes(shown), written[0]);
  }
});

test('to log never throws: circles, BigInts, bytes, bad dates and functions are written as text', async (t) => {
  const { logger, written } = memoryLogger();
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  const chain = new Error('around');
  chain.cause = chain;
  logger.info('odd', {
    circle,
    big: 10n,
    bytes: Buffer.from('abc'),
    date: new Date(0),
    noDate: new Date(Number.NaN),
    fn: Math.max,
    error: chain,
  });
  await settled();
  const line = JSON.parse(written[0] ?? '') as Record<string, unknown>;
  t.like(line, {
    circle: { self: '<circular>' },
    big: '10',
    bytes: '<3 bytes>',
    date: '1970-01-01T00:00:00.000Z',
    noDate: 'Invalid Date',
  });
  t.regex(String(line['fn']), /function max/);
});

test('fields that are called level, message or time keep their value under a name with an underscore', async (t) => {
  const { logger, written } = memoryLogger();
  logger.info('real', { level: 'false', message: 'false', time: 'false' });
  await settled();
  t.deepEqual(written, [
    `{"time":"${TIME}","level":"info","message":"real","level_":"false","message_":"false","time_":"false"}\n`,
  ]);
});

test('a winston logger of the user gets one entry per line, and its own format and level decide', async (t) => {
  const { stream, written } = lines();
  const theirs = winston.createLogger({
    level: 'info',
    format: winston.format.json(),
    defaultMeta: { service: 'billing' },
    transports: [new winston.transports.Stream({ stream })],
  });
  const logger = winstonLogger(theirs).child({ topicProcessor: 'reach' });
  logger.debug('dropped');
  logger.info('kept', { message: 'field', error: new ConfigError(['bad']) });
  await settled();
  t.is(written.length, 1);
  t.like(JSON.parse(written[0] ?? ''), {
    level: 'info',
    message: 'kept',
    message_: 'field',
    service: 'billing',
    topicProcessor: 'reach',
    error: { name: 'ConfigError', code: 'CONFIG', message: 'Configuration: bad' },
  });
});

test('warn goes to warning where a winston logger has the levels of syslog', async (t) => {
  const { stream, written } = lines();
  const theirs = winston.createLogger({
    levels: winston.config.syslog.levels,
    level: 'debug',
    format: winston.format.simple(),
    transports: [new winston.transports.Stream({ stream })],
  });
  winstonLogger(theirs).warn('careful');
  await settled();
  t.deepEqual(
    written.map((line) => line.trim()),
    ['warning: careful'],
  );
});

test('formats, levels and winston loggers that do not fit are refused at once', (t) => {
  const cases = [
    [() => winstonLogger({ format: 'xml' as 'json' }), "format must be one of json, text, not 'xml'"],
    [
      () => winstonLogger({ level: 'loud' as 'info' }),
      "level must be one of debug, info, warn, error, not 'loud'",
    ],
    [
      () => winstonLogger(winston.createLogger({ levels: { error: 0, note: 1 } })),
      'the winston logger has no level debug, info, warn, only error, note: use the levels of npm (winston.config.npm.levels) or of syslog',
    ],
  ] as const;
  for (const [make, problem] of cases) {
    const error = t.throws(make, { instanceOf: ConfigError });
    t.deepEqual(error.problems, [problem]);
  }
});
