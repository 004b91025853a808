import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { ExecutionContext } from 'ava';
import { WireReader } from '../../../source/kafka/wire/wire-reader.ts';
import { WireWriter } from '../../../source/kafka/wire/wire-writer.ts';

/** Who ends what a spec opened: its `t`, or a program that plays a part of it. */
export type SpecOwner = Pick<ExecutionContext, 'teardown'>;

/** A request as it goes out, without its header. */
export interface RawRequest {
  readonly key: number;
  readonly version: number;
  /** The request has tagged fields in its header, and so has the answer. */
  readonly flexible?: boolean;
  readonly body?: (writer: WireWriter) => void;
}

/**
 * One connection to one broker, on which a spec sends requests byte by byte. Answers are matched in
 * order, as the protocol has it.
 */
export class RawClient {
  readonly #socket: Socket;
  readonly #pending: { resolve: (answer: Buffer) => void; reject: (error: Error) => void }[] = [];
  /**
   * Resolves with all bytes that came and belong to no whole answer, when the connection is closed.
   */
  readonly closed: Promise<Buffer>;
  #received: Buffer = Buffer.alloc(0);
  #correlationId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#takeAnswers();
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        for (const { reject } of this.#pending.splice(0))
          reject(new Error('The broker closed the connection'));
        resolve(this.#received);
      });
    });
    socket.on('error', (error) => {
      for (const { reject } of this.#pending.splice(0)) reject(error);
    });
  }

  /** @param address `host:port` */
  static async open(t: SpecOwner, address: string): Promise<RawClient> {
    const [host = '', port = ''] = address.split(':');
    const socket = connect(Number(port), host);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    t.teardown(() => socket.destroy());
    return new RawClient(socket);
  }

  /** Sends a request and resolves with a reader of the answer's body. */
  async call(request: RawRequest): Promise<WireReader> {
    const answer = this.nextAnswer();
    this.post(request);
    const reader = new WireReader(await answer);
    reader.int32();
    if (request.flexible === true) reader.skipTags();
    return reader;
  }

  /** The next answer that nobody waits for yet, from its correlation id on. */
  nextAnswer(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject });
    });
  }

  /** Sends a request for which no answer is awaited. */
  post({ key, version, flexible = false, body }: RawRequest): void {
    const writer = new WireWriter();
    writer.int16(key).int16(version).int32(this.#correlationId++).string('spec');
    if (flexible) writer.noTags();
    body?.(writer);
    const length = Buffer.alloc(4);
    length.writeInt32BE(writer.length);
    this.#socket.write(Buffer.concat([length, writer.toBuffer()]));
  }

  /** Sends bytes as they are. */
  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  close(): void {
    this.#socket.destroy();
  }

  #takeAnswers(): void {
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE(0);
      if (this.#received.length < end) return;
      this.#pending.shift()?.resolve(this.#received.subarray(4, end));
      this.#received = this.#received.subarray(end);
    }
  }
}
