// Prints the page with more figures: `npm run bench -- results [options] > scripts/bench/results.md`.
// What is given is added to the options of each part: `--runs 5`, `--brokers HOST:PORT`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Parts of the page, each what one command prints. */
const parts: readonly (readonly [title: string, options: string])[] = [
  [
    'Jobs',
    '--job consume,copy,forward,filter,count-map,count-redis,count-elasticsearch,join,tenants-redis,json --batch 10000',
  ],
  [
    'Sizes of batches',
    '--job consume,copy,count-redis --batch 1,100,1000,10000 --peer franz-go --records 500000',
  ],
  ['Sizes of values', '--job consume,copy --batch 10000 --value-bytes 100,1000,10000'],
  ['Codecs', '--job consume,copy --batch 10000 --compression none,gzip,lz4,zstd --records 1000000'],
  ['Numbers of partitions', '--job consume,copy --batch 10000 --partitions 1,4,64,1000 --records 1000000'],
  ['Settings of the peers', '--sweep --job consume,copy --batch 10000 --records 500000'],
];

const given = process.argv.slice(2);
console.log(`# Speed: more figures

How they are measured, and what the columns mean: [Speed](README.md). Each part has the options of \`npm run bench\` that print it. The whole
page is what \`npm run bench -- results\` prints.`);
for (const [title, options] of parts) {
  console.log(`\n## ${title}\n\n\`${[options, ...given].join(' ')}\`\n`);
  const args = [join(import.meta.dirname, 'compare.js'), '--markdown', ...options.split(' '), ...given];
  const part = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = (await once(part, 'close')) as [number | null];
  // Its tables say what failed.
  if (code !== 0) process.exitCode = 1;
}
