import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startElasticsearch } from './elasticsearch-server.ts';
import type { StartedServer } from './started-server.ts';

/** Servers that all specs of a run share, each started when the first of them asks. */
export interface SharedServers {
  /** GET {url}/elasticsearch waits until that one serves, and answers its port. */
  readonly url: string;
  /** Ends what was started. */
  stop(): Promise<void>;
}

/** Offers them to other processes on this machine. */
export async function shareServers(): Promise<SharedServers> {
  let elasticsearch: Promise<StartedServer> | undefined;
  const offer = createServer((request, response) => {
    if (request.url !== '/elasticsearch') {
      response.writeHead(404).end();
      return;
    }
    elasticsearch ??= startElasticsearch({ isShortLived: true });
    elasticsearch.then(
      ({ port }) => response.end(String(port)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  offer.listen(0, '127.0.0.1');
  await once(offer, 'listening');
  const { port } = offer.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      offer.close();
      offer.closeAllConnections();
      const started = await elasticsearch?.catch(() => undefined);
      await started?.stop();
    },
  };
}

/**
 * The port of the Elasticsearch that is shared at such a URL.
 *
 * @throws Error if it could not be started
 */
export async function sharedElasticsearchPort(url: string): Promise<number> {
  const response = await fetch(`${url}/elasticsearch`);
  const text = await response.text();
  if (!response.ok) throw new Error(`There is no shared Elasticsearch: ${text}`);
  return Number(text);
}
