// `npm run bench -- [options]` measures the pipeline against its peers; with a name of the list, that
// is run instead. What each does is written at its top.
const names = [
  'stores',
  'gate',
  'latency',
  'idle',
  'scale',
  'micro',
  'embedded',
  'parallel',
  'profile',
  'results',
] as const;

const name = names.find((known) => known === process.argv[2]);
if (name !== undefined) process.argv.splice(2, 1);
await import(`./${name ?? 'compare'}.js`);
