import { PartitionRows, type PartitionRow } from '../model/partition-rows.ts';
import { allKey, namedProcessors, titleOf, type NamedProcessor } from '../model/processors.ts';
import { StatsHistory } from '../model/stats-history.ts';
import type { PageReport } from '../model/page-report.ts';
import { Charts } from './charts.ts';
import { ConnectionStatus, isRestarted } from './connection-status.ts';
import { ErrorList } from './error-list.ts';
import { HealthBanner } from './health-banner.ts';
import { LagStrip } from './lag-strip.ts';
import type { PageData, PagePart } from './page-data.ts';
import { PageHeader } from './page-header.ts';
import { PartitionTable } from './partition-table.ts';
import { ProcessorChoice } from './processor-choice.ts';
import type { StatsListener } from './stats-poller.ts';
import { Tiles } from './tiles.ts';

/** The page: takes reports, and lets each part show them. */
export class Dashboard implements StatsListener {
  readonly #history = new StatsHistory();
  readonly #rates = new PartitionRows();
  readonly #connection = new ConnectionStatus();
  readonly #charts = new Charts();
  readonly #parts: readonly PagePart[];
  #chosen = allKey;
  #report: PageReport | undefined;
  #processors: readonly NamedProcessor[] = [];
  #rows: readonly PartitionRow[] = [];

  constructor() {
    const table = new PartitionTable();
    this.#parts = [
      new PageHeader(),
      new HealthBanner(),
      new ProcessorChoice((key) => {
        this.#chosen = key;
        this.#show();
      }),
      new Tiles(),
      this.#charts,
      new LagStrip((key) => {
        table.reveal(key);
      }),
      table,
      new ErrorList(),
    ];
  }

  onReport(report: PageReport): void {
    const before = this.#report;
    const at = Date.now() / 1000;
    if (before !== undefined && isRestarted(before, report)) {
      this.#history.cut(at);
      this.#rates.clear();
    }
    this.#report = report;
    this.#processors = namedProcessors(report.processors);
    this.#history.add(at, report.now, this.#processors);
    this.#rows = this.#rates.add(report.now, this.#processors);
    this.#show();
    this.#connection.received(report, this.#processors.length === 0 ? '' : titleOf(report), before);
  }

  onFailure(reason: string): void {
    this.#connection.failed(reason);
  }

  /** After a change of the theme. */
  restyle(): void {
    this.#charts.restyle();
  }

  #show(): void {
    const report = this.#report;
    if (report === undefined) return;
    if (!this.#processors.some(({ key }) => key === this.#chosen)) this.#chosen = allKey;
    const chosen = this.#chosen;
    const isShown = (key: string) => chosen === allKey || key === chosen;
    const data: PageData = {
      report,
      processors: this.#processors,
      chosen,
      shown: this.#processors.filter(({ key }) => isShown(key)),
      points: this.#history.points(chosen),
      lagChange: this.#history.lagChange(chosen),
      latest: (key) => this.#history.points(key).at(-1),
      rows: this.#rows.filter(({ processorKey }) => isShown(processorKey)),
    };
    for (const part of this.#parts) part.update(data);
  }
}
