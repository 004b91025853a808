const usual = ['dist/spec/**/*.spec.js', '!dist/spec/long/**'];

/** By KASPER_SPECS: the specs of `npm test`, and those of `npm run verify:long`. */
const suites = {
  /** Those that take minutes, on a Kafka of their own. */
  long: ['dist/spec/long/**/*.spec.js'],
  /** Those that use the Kafka of the run, which has three brokers. */
  three: [
    'dist/spec/system/**/*.spec.js',
    'dist/spec/kafka/kafkajs/**/{connect,epochs-and-groups,group-and-offsets,source-and-sink}.spec.js',
    'dist/spec/cli/commands/run-command.spec.js',
    'dist/spec/examples/flight-delays.spec.js',
    // On brokers of its own.
    '!dist/spec/system/*broker-faults.spec.js',
  ],
  /**
   * Those that a newer Node.js may change: not those of other programs, of servers that are killed, stopped and started, and schedules
   * without a wire. What has the embedded cluster here has the real Kafka only in some files (spec/_helpers/servers/services.ts).
   */
  newer: [
    ...usual,
    '!dist/spec/{scripts,examples,memory}/**',
    '!dist/spec/metrics/{dashboard/**,promtool.spec.js,alert-rules.spec.js}',
    '!dist/spec/cli/workers/**',
    '!dist/spec/system/{graceful-stops,java-*,kill-around-ids,kill-at-each-step,prometheus,*broker-faults}.spec.js',
    '!dist/spec/kafka/kafkajs/**/{real-broker,real-produce,secured}.spec.js',
    '!dist/spec/stores/**/*-{failover,faults,late-writes,overload}.spec.js',
    '!dist/spec/{schedules,middleware/schedules,embedded/group-schedules}.spec.js',
  ],
};

/** Faults and three brokers leave little of a machine to others. */
const oneByOne = ['long', 'three'];

/**
 * Files that take long because they wait: for servers, for processes, and for faults to pass. They begin first, so that none of them is
 * the tail of the run. The others compute, and are short.
 */
const waiting =
  /\/dist\/spec\/(system|examples|memory|stores|cli|scripts)\/|\/(schedules|wire-schedules|malformed-requests)\.spec\.js$/;

function waitingFirst(one, other) {
  return Number(waiting.test(other)) - Number(waiting.test(one)) || (one < other ? -1 : 1);
}

const suite = process.env.KASPER_SPECS ?? '';

/** Where programs read the results, nobody looks at a run that does not end. Ava says that it is an experiment, but not in TAP. */
async function watched() {
  if (process.env.KASPER_TEST_REPORTER !== 'tap') return {};
  const { StuckFiles } = await import('./dist/scripts/stuck-files.js');
  return {
    nonSemVerExperiments: { observeRunsFromConfig: true },
    observeRun: ({ events }) => new StuckFiles().watch(events),
  };
}

export default {
  files: suites[suite] ?? usual,
  nodeArguments: ['--enable-source-maps'],
  require: ['./dist/spec/_helpers/strict.js', './dist/spec/_helpers/left-open.js'],
  ...(await watched()),
  sortTestFiles: waitingFirst,
  concurrency: oneByOne.includes(suite) ? 1 : 2,
  timeout: suite === 'long' ? '10m' : '2m',
};
