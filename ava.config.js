const usual = ['dist/spec/**/*.spec.js', '!dist/spec/long/**'];

/** By KASPER_SPECS: the specs of `npm test`, and those of `npm run verify:long`. */
const suites = {
  /** Those that take minutes, on a Kafka of their own. */
  long: ['dist/spec/long/**/*.spec.js'],
  /** Those that use the Kafka of the run, which has three brokers. */
  three: [
    'dist/spec/system/**/*.spec.js',
    'dist/spec/kafka/kafkajs/{connect,epochs-and-groups,group-and-offsets,source-and-sink}.spec.js',
    'dist/spec/cli/run-command.spec.js',
    'dist/spec/examples/flight-delays.spec.js',
    // On brokers of its own.
    '!dist/spec/system/*broker-faults.spec.js',
  ],
};

const suite = process.env.KASPER_SPECS ?? '';

export default {
  files: suites[suite] ?? usual,
  nodeArguments: ['--enable-source-maps'],
  require: ['./dist/spec/_helpers/strict.js'],
  // Faults and three brokers leave little of a machine to others.
  ...(suite in suites && { concurrency: 1 }),
  timeout: suite === 'long' ? '10m' : '2m',
};
