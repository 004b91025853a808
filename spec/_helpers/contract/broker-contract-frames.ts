import { WireWriter } from '../../../source/kafka/wire/wire-writer.ts';
import type { RawClient } from '../raw/raw-client.ts';
import type { RecordedCase } from './contract-case.ts';
import type { ContractStage } from './contract-stage.ts';

/** A request of ApiVersions 0, framed. */
function apiVersions(correlationId: number, clientId: string | null = 'spec'): Buffer {
  const request = new WireWriter().int16(18).int16(0).int32(correlationId).nullableString(clientId);
  return framed(request.toBuffer());
}

function framed(request: Buffer, length = request.length): Buffer {
  return Buffer.concat([new WireWriter().int32(length).toBuffer(), request]);
}

/** A request that is no whole one, from its header on. */
function request(key: number, version: number, body: (writer: WireWriter) => unknown): Buffer {
  const writer = new WireWriter().int16(key).int16(version).int32(7).nullableString('spec');
  body(writer);
  return framed(Buffer.from(writer.toBuffer()));
}

/** What the broker sends until it closes the connection, as the number of its bytes. */
async function untilClosed(client: RawClient, bytes: Buffer): Promise<string> {
  client.write(bytes);
  const received = await client.closed;
  return `${received.length} bytes, then closed`;
}

async function lengths(stage: ContractStage): Promise<void> {
  for (const length of [-1, -2_147_483_648, 2_147_483_647, 104_857_601]) {
    const client = await stage.connect();
    await stage.note(`a length of ${length}`, untilClosed(client, framed(Buffer.alloc(0), length)));
  }
}

async function shortRequests(stage: ContractStage): Promise<void> {
  for (const bytes of [0, 1, 4, 7]) {
    const client = await stage.connect();
    const request = Buffer.alloc(bytes);
    await stage.note(`a request of ${bytes} zero bytes`, untilClosed(client, framed(request)));
  }
}

async function brokenBodies(stage: ContractStage): Promise<void> {
  const broken = {
    'Metadata, cut off': request(3, 1, (writer) => writer.int32(2).string('a')),
    'Metadata, with 2^31 - 1 names': request(3, 1, (writer) => writer.int32(2_147_483_647)),
    'Metadata, with a name of 32767 bytes': request(3, 1, (writer) => writer.int32(1).int16(32_767)),
    'Metadata, with a null name': request(3, 1, (writer) => writer.int32(1).int16(-1)),
    'Metadata, with a name of -2 bytes': request(3, 1, (writer) => writer.int32(1).int16(-2)),
    'Produce, with 2^31 - 1 bytes of records': request(0, 7, (writer) =>
      writer.int16(-1).int16(-1).int32(5_000).int32(1).string('a').int32(1).int32(0).int32(2_147_483_647),
    ),
    'Produce, with no body': request(0, 7, () => undefined),
    'Fetch, cut off': request(1, 10, (writer) => writer.int32(-1).int32(0)),
    'JoinGroup, cut off': request(11, 5, (writer) => writer.string('group')),
  };
  for (const [what, bytes] of Object.entries(broken))
    await stage.note(what, untilClosed(await stage.connect(), bytes));
}

/** The correlation ids of the next answers of a connection. */
async function answers(client: RawClient, count: number): Promise<number[]> {
  const awaited = Array.from({ length: count }, () => client.nextAnswer());
  return (await Promise.all(awaited)).map((answer) => answer.readInt32BE());
}

async function pipelined(stage: ContractStage): Promise<void> {
  const client = await stage.connect();
  const answered = answers(client, 4);
  client.write(Buffer.concat([1, -5, 2_147_483_647, 0].map((id) => apiVersions(id))));
  await stage.note('four requests in one piece', answered);
}

async function inPieces(stage: ContractStage): Promise<void> {
  const client = await stage.connect();
  const answered = answers(client, 2);
  for (const byte of Buffer.concat([apiVersions(11), apiVersions(12)])) client.write(Buffer.of(byte));
  await stage.note('two requests, byte by byte', answered);
}

async function clientIds(stage: ContractStage): Promise<void> {
  const client = await stage.connect();
  const answered = answers(client, 3);
  for (const [id, clientId] of [null, '', 'ä'.repeat(1_000)].entries())
    client.write(apiVersions(id, clientId));
  await stage.note('none, empty, and a long one', answered);
}

async function surplus(stage: ContractStage): Promise<void> {
  const client = await stage.connect();
  const answered = answers(client, 1);
  const body = (writer: WireWriter) => writer.int32(0).raw(Buffer.alloc(10, 0xff));
  client.write(request(3, 1, body));
  await stage.noteOrClosed('Metadata with ten bytes too many', answered);
}

/** Requests as bytes: lengths, headers, and what is broken. */
export const frameCases: readonly RecordedCase[] = [
  { title: 'a length that no request can have closes the connection', play: lengths },
  { title: 'a request that is shorter than its header closes the connection', play: shortRequests },
  { title: 'a request whose body is broken closes the connection', play: brokenBodies },
  { title: 'requests that come together are answered in their order', play: pipelined },
  { title: 'a request may come in pieces', play: inPieces },
  { title: 'a client may have any name', play: clientIds },
  { title: 'bytes after the body of a request are ignored', play: surplus },
];
