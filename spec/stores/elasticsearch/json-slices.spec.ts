import test from 'ava';
import fc from 'fast-check';
import { fieldsOf, objectsOf } from '../../../stores/elasticsearch/json-slices.ts';

test('fields and elements are cut out as they stand, whatever they hold', (t) => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.integer({ min: 0, max: 3 }),
      (object, spaces) => {
        const text = Buffer.from(JSON.stringify(object, undefined, spaces));
        const parsed = JSON.parse(text.toString()) as Record<string, unknown>;
        const fields = fieldsOf(text);
        t.deepEqual([...fields.keys()].toSorted(), Object.keys(parsed).toSorted());
        for (const [name, slice] of fields) t.deepEqual(JSON.parse(slice.toString()), parsed[name]);
      },
    ),
  );
  const objects = fc.array(fc.dictionary(fc.constantFrom('a', 'b"', '\\u0061', ''), fc.jsonValue()));
  fc.assert(
    fc.property(objects, fc.jsonValue(), fc.integer({ min: 0, max: 3 }), (list, other, spaces) => {
      const text = JSON.stringify({ before: other, list, after: other }, undefined, spaces);
      const found = objectsOf(Buffer.from(text), 'list', ['a', 'b"']);
      const { list: parsed } = JSON.parse(text) as { list: Record<string, unknown>[] };
      t.is(found.length, parsed.length);
      for (const [at, fields] of found.entries()) {
        const wanted = Object.keys(parsed[at] ?? {}).filter((name) => name === 'a' || name === 'b"');
        t.deepEqual([...fields.keys()], wanted);
        for (const [name, slice] of fields) t.deepEqual(JSON.parse(slice.toString()), parsed[at]?.[name]);
      }
    }),
  );
});

test('text that is cut off anywhere is an error, and so is another form', (t) => {
  const object = Buffer.from('{"a":[1,{"b":"x\\"y"}],"c":true,"d":-1.5e3}');
  for (let length = 0; length < object.length; length++)
    t.throws(() => fieldsOf(object.subarray(0, length)), { instanceOf: SyntaxError }, String(length));
  const list = Buffer.from('{"docs":[{"a":1},{"b":[]}],"c":1}');
  for (let length = 0; length < list.length; length++)
    t.throws(
      () => objectsOf(list.subarray(0, length), 'docs', []),
      { instanceOf: SyntaxError },
      String(length),
    );
  t.throws(() => fieldsOf(Buffer.from('[1]')), { message: "JSON has '[' at 0, not '{'" });
  t.throws(() => objectsOf(Buffer.from('{"docs":{}}'), 'docs', []), { instanceOf: SyntaxError });
  t.throws(() => objectsOf(Buffer.from('{"docs":[1]}'), 'docs', []), { instanceOf: SyntaxError });
  t.deepEqual(objectsOf(Buffer.from('{"docs":[]}'), 'docs', []), []);
  t.deepEqual(objectsOf(object, 'docs', []), []);
  t.throws(() => fieldsOf(Buffer.from('{"a" 1}')), { instanceOf: SyntaxError });
});
