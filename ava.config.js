/** The specs of `npm test`, or, with KASPER_SPECS=long, those of `npm run verify:long`, which take minutes. */
const isLong = process.env.KASPER_SPECS === 'long';

export default {
  files: isLong ? ['dist/spec/long/**/*.spec.js'] : ['dist/spec/**/*.spec.js', '!dist/spec/long/**'],
  nodeArguments: ['--enable-source-maps'],
  require: ['./dist/spec/_helpers/strict.js'],
  timeout: isLong ? '10m' : '2m',
};
