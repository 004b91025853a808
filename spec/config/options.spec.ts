import { fileURLToPath } from 'node:url';
import test from 'ava';
import ts from 'typescript';
import { optionRows } from '../../source/config/option-table.ts';
import { optionNames } from '../../source/config/options.ts';

/**
 * What an editor shows for each option, by its name: from the declarations that the package has.
 */
function shownDocs(): Map<string, { readonly text: string; readonly tags: string }> {
  const file = fileURLToPath(new URL('../../source/config/options.d.ts', import.meta.url));
  const program = ts.createProgram([file], { module: ts.ModuleKind.NodeNext, skipLibCheck: true });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const declaration = source?.statements.find(
    (statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === 'TopicProcessorOptions',
  );
  if (declaration === undefined) throw new Error(`${file} declares no TopicProcessorOptions`);
  return new Map(
    checker
      .getTypeAtLocation(declaration)
      .getProperties()
      .map((option) => [
        option.name,
        {
          text: ts.displayPartsToString(option.getDocumentationComment(checker)),
          tags: option
            .getJsDocTags(checker)
            .map((tag) => `@${tag.name} ${ts.displayPartsToString(tag.text)}`)
            .join('\n'),
        },
      ]),
  );
}
const docs = shownDocs();

test('the options that are known are those that are declared', (t) => {
  t.deepEqual([...docs.keys()].sort(), [...optionNames].sort());
  t.is(docs.size, 44);
});

test('an editor shows what each option means', (t) => {
  for (const [name, { text }] of docs) t.regex(text, /^\S+ .{20,}\.$/s, name);
});

test('an editor shows what an option is by default, unless it must be given', (t) => {
  const required = ['topicProcessorName', 'client', 'inputTopics', 'inputPartitions'];
  for (const [name, { text, tags }] of docs) {
    if (required.includes(name)) continue;
    t.regex(`${text}\n${tags}`, /Default: a quarter|@defaultValue \S+/, name);
  }
});

test('an editor shows unit, bounds, choices and reason of each option in the table', (t) => {
  for (const row of optionRows) {
    const text = (docs.get(row.name)?.text ?? '').replaceAll(/\s+/g, ' ');
    t.true(text.startsWith(row.what), row.name);
    t.true(text.includes(`Reason: ${row.reason}`), row.name);
    if ('unit' in row) t.true(text.includes(`Unit: ${row.unit}.`), row.name);
    if ('minimum' in row) t.true(text.includes(`Minimum: ${row.minimum.toLocaleString('en-US')}.`), row.name);
    if ('maximum' in row) t.true(text.includes(`Maximum: ${row.maximum.toLocaleString('en-US')}.`), row.name);
    if ('choices' in row) {
      for (const choice of row.choices) t.true(text.includes(`\`'${choice}'\``), row.name);
    }
  }
});
