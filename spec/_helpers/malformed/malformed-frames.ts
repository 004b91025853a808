import { WireWriter } from '../../../source/kafka/wire/wire-writer.ts';
import type { RawRequest } from '../raw/raw-client.ts';
import type { Random } from '../schedules/random.ts';
import { drawRequest } from './request-seeds.ts';

/** API key, version, correlation id and the client id 'spec'. */
const HEADER_BYTES = 14;
const numbers = [-1, -2, 0, 1, 255, 10_001, 100_000, 0x7fff_ffff, -0x8000_0000] as const;

/** A request as it goes out, with its length before it. */
export function frameOf({ key, version, flexible, body }: RawRequest): Buffer {
  const writer = new WireWriter();
  writer.int16(key).int16(version).int32(1).string('spec');
  if (flexible === true) writer.noTags();
  body?.(writer);
  return framed(writer.toBuffer());
}

/** A request that was spoilt in one to three places; some are right. */
export function malformedFrame(random: Random): Buffer {
  let bytes: Buffer = Buffer.from(frameOf(drawRequest(random)).subarray(4));
  for (let left = random.between(0, 3); left > 0; left--) bytes = spoilt(bytes, random);
  const frame = framed(bytes);
  if (random.chance(0.02)) frame.writeInt32BE(random.pick(numbers), 0);
  return frame;
}

function spoilt(bytes: Buffer, random: Random): Buffer {
  // The header is mostly left alone: else hardly a request would come further.
  const from = random.chance(0.1) ? 0 : HEADER_BYTES;
  if (bytes.length <= from + 8) return Buffer.concat([bytes, Buffer.alloc(random.between(1, 40))]);
  const at = random.between(from, bytes.length - 5);
  const copy = Buffer.from(bytes);
  switch (random.between(0, 5)) {
    case 0:
      copy.writeUInt8(random.between(0, 255), at);
      return copy;
    case 1:
      copy.writeInt32BE(random.pick(numbers), at);
      return copy;
    case 2:
      copy.writeInt16BE(random.pick([-1, 0, 1, 0x7fff]), at);
      return copy;
    case 3:
      return copy.subarray(0, at);
    case 4:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(from)]);
    default:
      copy.fill(random.between(0, 255), at, Math.min(copy.length, at + 20));
      return copy;
  }
}

function framed(request: Uint8Array): Buffer {
  const frame = Buffer.alloc(4 + request.length);
  frame.writeInt32BE(request.length, 0);
  frame.set(request, 4);
  return frame;
}
