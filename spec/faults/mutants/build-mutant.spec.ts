import { createHash } from 'node:crypto';
import test from 'ava';
import { compile, editSources } from './build-mutant.ts';
import { pickedBy } from './chosen-mutants.ts';
import { mutants } from './mutant-list.ts';

for (const mutant of mutants) {
  test(`the mistake of the mutant ${mutant.name} fits the sources, and is TypeScript`, (t) => {
    for (const [file, source] of editSources(mutant)) t.truthy(compile(file, source));
  });
}

test('every mutant has a name of its own', (t) => {
  t.is(new Set(mutants.map(({ name }) => name)).size, mutants.length);
});

test('a commit picks two mutants that take seconds, and not always the same', (t) => {
  const hashes = Array.from({ length: 50 }, (_none, at) =>
    createHash('sha1').update(String(at)).digest('hex'),
  );
  const picks = hashes.map((hash) => pickedBy(hash).map(({ name }) => name));
  for (const names of picks) t.is(new Set(names).size, 2);
  t.true(new Set(picks.flat()).size > 5);
});

test('an edit of what is not in the sources names the mutant and the file', (t) => {
  const edit = { file: 'source/index.ts', replace: 'what is not there', by: '' };
  t.throws(() => editSources({ name: 'old', edits: [edit] }), {
    message: /^Mutant 'old' replaces text that is 0 times in source\/index\.ts: /,
  });
});

test('an edit of what is there twice is refused', (t) => {
  const edit = { file: 'source/index.ts', replace: 'export', by: '' };
  t.throws(() => editSources({ name: 'old', edits: [edit] }), { message: /replaces text that is \d+ times/ });
});

test('a mistake that is no TypeScript is refused', (t) => {
  t.throws(() => compile('source/index.ts', 'const ='), {
    message: /^source\/index\.ts with its mistake is no/,
  });
});
