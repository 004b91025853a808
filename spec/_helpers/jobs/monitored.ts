import type { ExecutionContext } from 'ava';
import type { HealthReport, Monitored } from '../../../metrics/monitor.ts';
import { noopMetrics } from '../../../metrics/noop.ts';
import { MonitorServer, type MonitorServerOptions } from '../../../metrics/server.ts';

/** A server on a free port, closed when the spec ends. */
export function monitorServer(
  t: ExecutionContext,
  options: Partial<MonitorServerOptions> = {},
): MonitorServer {
  const server = new MonitorServer({ port: 0, ...options });
  t.teardown(() => server.close());
  return server;
}

/** A processor that is well, as the server sees it; `report` may be changed. */
export interface FakeMonitored extends Monitored {
  report: HealthReport;
  failure: { readonly code: string; readonly message: string } | null;
}

export const well: HealthReport = { healthy: true, degraded: false, ready: true, problems: [] };

/** @param metrics default: nothing to scrape */
export function fakeMonitored(name = 'orders', metrics: Monitored['metrics'] = noopMetrics): FakeMonitored {
  return {
    name,
    metrics,
    report: well,
    failure: null,
    health() {
      return this.report;
    },
    stats() {
      return { topicProcessorName: name, state: 'running', failure: this.failure };
    },
  };
}

/** A provider whose exposition is the same text with the format and a count of the scrapes. */
export function fakeProvider(body = ''): Monitored['metrics'] & { scrapes: number } {
  const provider = {
    ...noopMetrics,
    scrapes: 0,
    expose(format = 'text'): Promise<{ contentType: string; body: string }> {
      provider.scrapes++;
      return Promise.resolve({
        contentType: format === 'text' ? 'text/plain; version=0.0.4' : 'application/openmetrics-text',
        body: `${body}scrapes ${provider.scrapes}\n${format === 'text' ? '' : '# EOF\n'}`,
      });
    },
  };
  return provider;
}
