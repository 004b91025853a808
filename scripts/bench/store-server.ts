import { startElasticsearch } from '../services/elasticsearch-server.ts';
import { startRedis } from '../services/redis-server.ts';
import type { StartedServer } from '../services/started-server.ts';
import type { JobStore } from './jobs/job.ts';

/** Starts an empty server, so that no run finds what another one has left. */
export function startStore(server: JobStore['server']): Promise<StartedServer> {
  return server === 'redis' ? startRedis() : startElasticsearch();
}
