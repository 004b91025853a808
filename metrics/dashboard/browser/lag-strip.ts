import { count, plural, shortCount } from '../model/figures.ts';
import { lagStep, lagSteps } from '../model/lag-steps.ts';
import type { PartitionRow } from '../model/partition-rows.ts';
import { byId, make, setAttribute, setClass, setHidden, setText } from './elements.ts';
import type { PageData, PagePart } from './page-data.ts';

/** Fewer can be seen in the table without scrolling. */
const leastPartitions = 12;

/** A cell for each partition, coloured by its lag: among many, those that are behind stand out. */
export class LagStrip implements PagePart {
  readonly #section = byId('lag-strip', HTMLElement);
  readonly #cells = byId('lag-cells', HTMLElement);
  readonly #note = byId('lag-note', HTMLElement);
  #rows: readonly PartitionRow[] = [];
  #pointed: number | undefined;

  constructor(onChoose: (key: string) => void) {
    const legend = byId('lag-legend', HTMLUListElement);
    for (const [step, from] of lagSteps.entries()) {
      const item = make('li');
      item.append(
        make('span', `swatch heat-${step}`),
        make('span', '', step === 0 ? '0' : `${shortCount(from)}+`),
      );
      legend.append(item);
    }
    this.#cells.addEventListener('pointermove', ({ target }) => {
      this.#point(this.#indexOf(target));
    });
    this.#cells.addEventListener('pointerleave', () => {
      this.#point(undefined);
    });
    this.#cells.addEventListener('click', ({ target }) => {
      const row = this.#rows[this.#indexOf(target) ?? -1];
      if (row !== undefined) onChoose(row.key);
    });
  }

  update({ rows }: PageData): void {
    setHidden(this.#section, rows.length < leastPartitions);
    this.#rows = rows;
    while (this.#cells.childElementCount > rows.length) this.#cells.lastElementChild?.remove();
    while (this.#cells.childElementCount < rows.length) this.#cells.append(make('i'));
    for (const [index, row] of rows.entries()) {
      const cell = this.#cells.children[index];
      if (cell !== undefined)
        setClass(cell, row.step === 'failed' ? 'is-failed' : `heat-${lagStep(row.lag)}`);
    }
    setAttribute(this.#cells, 'aria-label', summary(rows));
    this.#point(this.#pointed);
  }

  #point(index: number | undefined): void {
    this.#pointed = index;
    const row = this.#rows[index ?? -1];
    setText(this.#note, row === undefined ? summary(this.#rows) : describe(row));
  }

  #indexOf(target: EventTarget | null): number | undefined {
    if (!(target instanceof Element) || target.parentElement !== this.#cells) return undefined;
    return [...this.#cells.children].indexOf(target);
  }
}

function describe({ topic, partition, lag, step }: PartitionRow): string {
  return `${topic}/${partition}: lag ${count(lag)}, ${step}`;
}

function summary(rows: readonly PartitionRow[]): string {
  const first = rows[0];
  if (first === undefined) return '';
  const largest = rows.reduce((most, row) => (row.lag > most.lag ? row : most), first);
  if (largest.lag === 0) return `None of ${plural(rows.length, 'partition')} is behind`;
  return `Furthest behind: ${largest.topic}/${largest.partition} by ${count(largest.lag)}`;
}
