/**
 * Redis and Elasticsearch for the examples: with `--redis URL` or `--elasticsearch URL` they are
 * yours, else servers that the example starts on free ports and ends. That takes a redis-server on
 * the PATH, or Java and Maven, which fetches Elasticsearch the first time.
 */
import { Client } from '@elastic/elasticsearch';
import { Redis } from 'ioredis';
import { startElasticsearch } from '../services/elasticsearch-server.ts';
import { startRedis } from '../services/redis-server.ts';

/** A server's client, and one line for the reader. */
export interface ExampleServer<Connection> extends AsyncDisposable {
  readonly client: Connection;
  readonly what: string;
}

/** Connects to Redis. */
export async function exampleRedis(argv: readonly string[] = process.argv): Promise<ExampleServer<Redis>> {
  const given = flag(argv, '--redis');
  const server = given === undefined ? await startRedis() : undefined;
  const url = given ?? `redis://127.0.0.1:${server?.port ?? 0}`;
  const client = new Redis(url);
  client.on('error', (error: unknown) => {
    console.error(`Redis: ${String(error)}`);
  });
  return {
    client,
    what: given ?? 'a Redis started for this example',
    async [Symbol.asyncDispose]() {
      client.disconnect();
      await server?.stop();
    },
  };
}

/** Connects to Elasticsearch. */
export async function exampleElasticsearch(
  argv: readonly string[] = process.argv,
): Promise<ExampleServer<Client>> {
  const given = flag(argv, '--elasticsearch');
  const server = given === undefined ? await startElasticsearch({ isShortLived: true }) : undefined;
  const client = new Client({ node: given ?? `http://127.0.0.1:${server?.port ?? 0}` });
  return {
    client,
    what: given ?? 'an Elasticsearch started for this example',
    async [Symbol.asyncDispose]() {
      await client.close();
      await server?.stop();
    },
  };
}

function flag(argv: readonly string[], name: string): string | undefined {
  const at = argv.indexOf(name);
  return at < 0 ? undefined : argv[at + 1];
}
