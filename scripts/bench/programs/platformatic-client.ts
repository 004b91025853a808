import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A message as its consumer gives it. */
export interface PlatformaticMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly key: Buffer;
  readonly value: Buffer;
}

/** A message as its producer takes it. */
export interface PlatformaticRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer;
  readonly value: Buffer;
}

interface MessagesStream {
  on(event: 'data', take: (message: PlatformaticMessage) => void): void;
  on(event: 'error', take: (error: Error) => void): void;
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

interface Consumer {
  consume(options: {
    topics: string[];
    mode: 'committed';
    fallbackMode: 'earliest';
  }): Promise<MessagesStream>;
  commit(options: { offsets: OffsetToCommit[] }): Promise<void>;
  close(force: boolean): Promise<void>;
}

interface OffsetToCommit {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly leaderEpoch: number;
}

interface Producer {
  send(options: { messages: PlatformaticRecord[] }): Promise<unknown>;
  close(): Promise<void>;
}

/** What its program uses of \@platformatic/kafka. */
interface PlatformaticClient {
  readonly Consumer: new (options: object) => Consumer;
  readonly Producer: new (options: object) => Producer;
}

/** The package, which is no dependency of this project, from the folder where it was installed. */
export async function platformaticClient(folder: string): Promise<PlatformaticClient> {
  const path = createRequire(join(folder, 'package.json')).resolve('@platformatic/kafka');
  return (await import(pathToFileURL(path).href)) as PlatformaticClient;
}
