import { partitionColumns } from '../model/partition-columns.ts';
import type { PartitionRow } from '../model/partition-rows.ts';
import { make, setClass } from './elements.ts';

/** A row of the table, made once: an update sets what differs. */
export class PartitionRowView {
  readonly element = make('tr');
  readonly #step = make('span');
  readonly #cells: readonly { readonly text: Text; shown: string }[];
  readonly #lag: HTMLElement;
  #share = -1;

  constructor() {
    this.element.setAttribute('role', 'row');
    const cells = partitionColumns.map((column, number) => {
      const isHead = number === 0;
      const cell = make(isHead ? 'th' : 'td', `${column.numeric ? 'numeric ' : ''}col-${column.id}`);
      cell.setAttribute('role', isHead ? 'rowheader' : 'cell');
      cell.dataset['label'] = column.label;
      const text = document.createTextNode('');
      if (column.id === 'step') {
        this.#step.append(text);
        cell.append(this.#step);
      } else if (column.id === 'topic') {
        const name = make('bdi');
        name.append(text);
        cell.append(name);
      } else {
        cell.append(text);
      }
      return { cell, text, shown: '' };
    });
    this.element.append(...cells.map(({ cell }) => cell));
    this.#cells = cells;
    const lag = cells[partitionColumns.findIndex(({ id }) => id === 'lag')];
    this.#lag = lag?.cell ?? this.element;
  }

  /** @param largestLag the largest lag of all rows: the bar behind the lag is its share of that */
  update(row: PartitionRow, largestLag: number): void {
    for (const [number, cell] of this.#cells.entries()) {
      const text = partitionColumns[number]?.text(row) ?? '';
      if (text === cell.shown) continue;
      cell.shown = text;
      cell.text.data = text;
      if (number === 0) cell.text.parentElement?.setAttribute('title', text);
    }
    setClass(this.#step, `step step-${/^[a-z]+$/.test(row.step) ? row.step : 'other'}`);
    const share = largestLag === 0 ? 0 : Math.ceil((100 * row.lag) / largestLag);
    if (share === this.#share) return;
    this.#share = share;
    this.#lag.style.setProperty('--share', `${share}%`);
  }
}
