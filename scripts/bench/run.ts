// `npm run bench -- [options]` measures the pipeline against its peers,
// `npm run bench -- stores [options]` the stores against the bare clients.
if (process.argv[2] === 'stores') {
  process.argv.splice(2, 1);
  await import('./stores.ts');
} else {
  await import('./compare.ts');
}
