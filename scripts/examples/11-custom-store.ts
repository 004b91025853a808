/**
 * A Store of your own, and how to know that it does what a processor relies on: the conformance
 * cases are plain data, and run in any test runner; here, in a loop.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkedStore } from 'kasper-ts/stores';
import { storeConformance } from 'kasper-ts/testing';
import { FileStore } from './file-store.ts';

const folder = await mkdtemp(join(tmpdir(), 'kasper-file-store-'));
const reopen = () => checkedStore(new FileStore(folder));
let passed = 0;
const failures: string[] = [];

// In node:test:
// for (const { title, run } of storeConformance) test(title, () => run({ store: reopen(), reopen }));
for (const { title, requires, run } of storeConformance) {
  // What a store need not be able to do; `reopen`, to find again what another instance wrote, this
  // one can.
  if (requires !== undefined && requires !== 'reopen') continue;
  try {
    await run({ store: reopen(), reopen });
    passed++;
  } catch (error) {
    failures.push(`${title}: ${String(error)}`);
  }
}

// A call that a case gave up may still be writing.
await rm(folder, { recursive: true, maxRetries: 10 });
for (const failure of failures) console.log(failure);
console.log(`${passed} cases passed, ${failures.length} failed`);

// expected: cases passed, 0 failed
