import type { WireWriter } from '../../../source/kafka/wire/wire-writer.ts';
import { apis } from '../../../source/embedded/api/apis.ts';
import { rawBatch } from '../raw/raw-batch.ts';
import type { RawRequest } from '../raw/raw-client.ts';
import type { Random } from '../schedules/random.ts';

const TOPIC = 'target';

/** Bodies that are right, by API key: in the form of this version. */
const bodies: Readonly<Record<number, readonly [version: number, body: (writer: WireWriter) => void]>> = {
  0: [
    7,
    (w) =>
      w
        .nullableString(null)
        .int16(-1)
        .int32(100)
        .int32(1)
        .string(TOPIC)
        .int32(1)
        .int32(0)
        .bytes(rawBatch({ count: 3 })),
  ],
  1: [
    10,
    (w) =>
      w
        .int32(-1)
        .int32(5)
        .int32(1)
        .int32(1 << 20)
        .int8(0)
        .int32(0)
        .int32(0)
        .int32(1)
        .string(TOPIC)
        .int32(1)
        .int32(0)
        .int32(-1)
        .int64(0)
        .int64(-1)
        .int32(1 << 20)
        .int32(0),
  ],
  2: [5, (w) => w.int32(-1).int8(0).int32(1).string(TOPIC).int32(1).int32(0).int32(-1).int64(5)],
  3: [1, (w) => w.int32(1).string(TOPIC)],
  8: [
    7,
    (w) =>
      w
        .string('g')
        .int32(-1)
        .string('')
        .nullableString(null)
        .int32(1)
        .string(TOPIC)
        .int32(1)
        .int32(0)
        .int64(1)
        .int32(-1)
        .nullableString(''),
  ],
  9: [5, (w) => w.string('g').int32(1).string(TOPIC).int32(1).int32(0)],
  10: [2, (w) => w.string('g').int8(0)],
  11: [
    5,
    (w) =>
      w
        .string('g')
        .int32(10_000)
        .int32(100)
        .string('')
        .nullableString(null)
        .string('consumer')
        .int32(1)
        .string('range')
        .bytes(Buffer.alloc(20)),
  ],
  12: [3, (w) => w.string('g').int32(1).string('m').nullableString(null)],
  13: [3, (w) => w.string('g').int32(1).string('m').nullableString(null)],
  14: [
    3,
    (w) =>
      w.string('g').int32(1).string('m').nullableString(null).int32(1).string('m').bytes(Buffer.alloc(20)),
  ],
  15: [4, (w) => w.int32(1).string('g').boolean(false)],
  18: [1, () => undefined],
  19: [
    4,
    (w) =>
      w
        .int32(1)
        .string('new')
        .int32(3)
        .int16(1)
        .int32(0)
        .int32(1)
        .string('retention.ms')
        .nullableString('5')
        .int32(100)
        .boolean(false),
  ],
  20: [3, (w) => w.int32(1).string('new').int32(100)],
  21: [1, (w) => w.int32(1).string(TOPIC).int32(1).int32(0).int64(-1).int32(100)],
  22: [1, (w) => w.nullableString(null).int32(1_000)],
  23: [3, (w) => w.int32(-1).int32(1).string(TOPIC).int32(1).int32(0).int32(-1).int32(0)],
  32: [2, (w) => w.int32(1).int8(2).string(TOPIC).int32(-1).boolean(false)],
  37: [1, (w) => w.int32(1).string('new').int32(5).int32(-1).int32(100).boolean(false)],
  42: [1, (w) => w.int32(1).string('g')],
  47: [0, (w) => w.string('g').int32(1).string(TOPIC).int32(1).int32(0)],
  61: [0, (w) => w.uvarint(2).compactString(TOPIC).uvarint(2).int32(0).noTags().noTags().noTags()],
};

const keys = [...apis.keys()] as [number, ...number[]];

/** A request of any API that is served: right, or for want of one that is, of random fields. */
export function drawRequest(random: Random): RawRequest {
  const key = random.pick(keys);
  const api = apis.get(key);
  const seed = bodies[key];
  const version =
    seed !== undefined && random.chance(0.8) ? seed[0] : random.between(api?.min ?? 0, api?.max ?? 0);
  const flexible = api?.isFlexible(version) ?? false;
  return {
    key,
    version,
    flexible,
    body:
      seed?.[1] ??
      ((writer) => {
        writeFields(writer, random);
      }),
  };
}

function writeFields(writer: WireWriter, random: Random): void {
  for (let left = random.between(1, 12); left > 0; left--) {
    const write = random.pick([
      () => writer.string(random.pick(['g', TOPIC, ''])),
      () => writer.compactString(random.pick(['g', TOPIC, ''])),
      () => writer.int32(random.between(-1, 3)),
      () => writer.int16(random.between(-1, 3)),
      () => writer.uvarint(random.between(0, 3)),
      () => writer.int64(random.between(-1, 100)),
    ]);
    write();
  }
}
