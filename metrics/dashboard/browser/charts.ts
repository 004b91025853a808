import { chartDefinitions } from './chart-definitions.ts';
import type { PageData, PagePart } from './page-data.ts';
import { TimeChart } from './time-chart.ts';

/** The charts, side by side. */
export class Charts implements PagePart {
  readonly #charts = chartDefinitions.map((definition) => new TimeChart(definition));

  update({ points }: PageData): void {
    for (const chart of this.#charts) chart.update(points);
  }

  restyle(): void {
    for (const chart of this.#charts) chart.restyle();
  }
}
