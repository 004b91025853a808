import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { repositoryRoot } from '../../../scripts/services/folders.ts';
import { askPrometheus, startPrometheus } from '../../../scripts/services/prometheus-server.ts';
import { until } from '../until.ts';

/** An alert rule as the server knows it. */
export interface LoadedRule {
  readonly name: string;
  /** 'ok' once it was evaluated without an error. */
  readonly health: string;
  readonly lastError?: string;
  /** 'inactive', 'pending' or 'firing'. */
  readonly state: string;
}

/** A Prometheus with our alert rules, ended when the spec ends. */
export class ScrapingPrometheus {
  readonly #port: number;

  private constructor(port: number) {
    this.#port = port;
  }

  static async start(
    t: ExecutionContext,
    targets: readonly string[],
    everyMs: number,
  ): Promise<ScrapingPrometheus> {
    const rules = join(repositoryRoot, 'metrics/alert-rules.yml');
    const server = await startPrometheus({ targets, everyMs, ruleFiles: [rules] });
    t.teardown(() => server.stop());
    return new ScrapingPrometheus(server.port);
  }

  /**
   * What a query gives now: the values, by the label that is named; of one without labels by ''.
   */
  async values(query: string, by = ''): Promise<Readonly<Record<string, number>>> {
    const { result } = await this.#ask<{
      readonly result: readonly {
        readonly metric: Readonly<Record<string, string>>;
        readonly value: [number, string];
      }[];
    }>(`query?query=${encodeURIComponent(query)}`);
    return Object.fromEntries(result.map(({ metric, value }) => [metric[by] ?? '', Number(value[1])]));
  }

  /** Waits until a query gives this value. */
  async untilIs(query: string, value: number): Promise<void> {
    let seen: unknown;
    await until(
      async () => {
        const values = Object.values(await this.values(query));
        seen = values;
        return values.length === 1 && values[0] === value;
      },
      { deadlineMs: 20_000, everyMs: 100, what: `${query} to be ${value}` },
    ).catch((cause: unknown) => {
      throw new Error(`${query} is ${JSON.stringify(seen)}, not ${value}`, { cause });
    });
  }

  async rules(): Promise<readonly LoadedRule[]> {
    const { groups } = await this.#ask<{
      readonly groups: readonly { readonly rules: readonly LoadedRule[] }[];
    }>('rules');
    return groups.flatMap((group) => group.rules);
  }

  /** The metadata of a metric that it scraped. */
  async metadata(
    metric: string,
  ): Promise<readonly { readonly type: string; readonly help: string; readonly unit: string }[]> {
    return this.#ask(`targets/metadata?metric=${metric}`);
  }

  /** The scraped targets: 'up', and no error of the last scrape. */
  async targets(): Promise<readonly { readonly health: string; readonly lastError: string }[]> {
    const { activeTargets } = await this.#ask<{
      readonly activeTargets: readonly { readonly health: string; readonly lastError: string }[];
    }>('targets');
    return activeTargets.map(({ health, lastError }) => ({ health, lastError }));
  }

  async #ask<Data>(path: string): Promise<Data> {
    const { data } = JSON.parse(await askPrometheus(this.#port, `/api/v1/${path}`)) as {
      readonly data: Data;
    };
    return data;
  }
}
