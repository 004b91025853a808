import { partitionColumns, type PartitionColumn } from '../model/partition-columns.ts';
import type { PartitionOrder } from '../model/partition-order.ts';
import { byId, make, setAttribute, setText } from './elements.ts';

/**
 * The headers that sort the table, and the list that does the same where there is no room for
 * headers.
 */
export class PartitionSort {
  order: PartitionOrder = { column: 'topic', descending: false };
  readonly #select = byId('sort-by', HTMLSelectElement);
  readonly #direction = byId('sort-direction', HTMLButtonElement);
  readonly #heads: ReadonlyMap<string, HTMLElement>;
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
    const row = byId('partition-heads', HTMLTableRowElement);
    this.#heads = new Map(partitionColumns.map((column) => [column.id, this.#head(column)]));
    row.append(...this.#heads.values());
    for (const { id, help } of partitionColumns) {
      const option = make('option', '', help);
      option.value = id;
      this.#select.append(option);
    }
    this.#select.addEventListener('change', () => {
      const column = partitionColumns.find(({ id }) => id === this.#select.value);
      if (column !== undefined) this.#sortBy(column.id, column.numeric && column.id !== 'partition');
    });
    this.#direction.addEventListener('click', () => {
      this.#sortBy(this.order.column, !this.order.descending);
    });
    this.#show();
  }

  #head({ id, label, help, numeric }: PartitionColumn): HTMLElement {
    const head = make('th', `${numeric ? 'numeric ' : ''}col-${id}`);
    head.scope = 'col';
    head.setAttribute('role', 'columnheader');
    const button = make('button', 'sort', label);
    button.type = 'button';
    button.title = help;
    button.addEventListener('click', () => {
      const { column, descending } = this.order;
      this.#sortBy(id, column === id ? !descending : numeric && id !== 'partition');
    });
    head.append(button);
    return head;
  }

  #sortBy(column: string, descending: boolean): void {
    this.order = { column, descending };
    this.#show();
    this.#onChange();
  }

  #show(): void {
    const { column, descending } = this.order;
    const direction = descending ? 'descending' : 'ascending';
    for (const [id, head] of this.#heads) setAttribute(head, 'aria-sort', id === column ? direction : 'none');
    this.#select.value = column;
    setText(this.#direction, descending ? 'Largest first' : 'Smallest first');
  }
}
