import test from 'ava';
import fc from 'fast-check';
import { elementsOf, fieldsOf } from '../../stores/json-slices.ts';

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
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.integer({ min: 0, max: 3 }), (list, spaces) => {
      const elements = elementsOf(Buffer.from(JSON.stringify(list, undefined, spaces)));
      t.deepEqual(
        elements.map((slice): unknown => JSON.parse(slice.toString())),
        JSON.parse(JSON.stringify(list)),
      );
    }),
  );
});

test('text that is cut off anywhere is an error, and so is another form', (t) => {
  const object = Buffer.from('{"a":[1,{"b":"x\\"y"}],"c":true,"d":-1.5e3}');
  for (let length = 0; length < object.length; length++)
    t.throws(() => fieldsOf(object.subarray(0, length)), { instanceOf: SyntaxError }, String(length));
  const list = Buffer.from('[1,"a",{"b":[]}]');
  for (let length = 0; length < list.length; length++)
    t.throws(() => elementsOf(list.subarray(0, length)), { instanceOf: SyntaxError }, String(length));
  t.throws(() => fieldsOf(list), { message: "JSON has '[' at 0, not '{'" });
  t.throws(() => elementsOf(object), { instanceOf: SyntaxError });
  t.throws(() => fieldsOf(Buffer.from('{"a" 1}')), { instanceOf: SyntaxError });
});
