import type { MessageList } from '../source.ts';
import type { BatchView } from './batch-view.ts';
import { ConsumedRecord } from './consumed-record.ts';
import { varintAt, varintEnd } from './varint.ts';

/**
 * The records of one record set, which become messages when they are taken. Of those that wait
 * nothing is kept but where each batch of them begins: they lie one behind another, and the way from
 * one to the next is as short as a look-up. What lives long is what the garbage collector spends its
 * time on, and the objects of a batch live no longer than its `process`.
 */
export class RecordList implements MessageList {
  readonly #sections: Section[] = [];
  #length = 0;
  /** A record that was found, its index and position: the next one that is asked for is near. */
  #foundIndex = 0;
  #foundAt = 0;

  get length(): number {
    return this.#length;
  }

  /** Adds records of a batch that lie one behind another; their lengths were checked. */
  add(batch: BatchView, firstAt: number, count: number): void {
    if (count === 0) return;
    if (this.#length === 0) this.#foundAt = firstAt;
    this.#sections.push({ batch, firstAt, first: this.#length, end: this.#length + count });
    this.#length += count;
  }

  at(index: number): ConsumedRecord | undefined {
    const section = this.#sections[this.#sectionOf(index)];
    return section && new ConsumedRecord(section.batch, this.#find(section, index));
  }

  slice(start = 0, end = this.#length): ConsumedRecord[] {
    const last = Math.min(end, this.#length);
    // As long as it will be: an array that grows is copied several times.
    const messages = new Array<ConsumedRecord>(Math.max(0, last - start));
    let index = start;
    for (let of = this.#sectionOf(start); index < last; of++) {
      const section = this.#sections[of] as Section;
      const { batch } = section;
      const { buffer } = batch;
      const until = Math.min(last, section.end);
      let at = this.#find(section, index);
      for (; index < until; index++) {
        messages[index - start] = new ConsumedRecord(batch, at);
        at = varintEnd(buffer, at) + varintAt(buffer, at);
      }
      if (index < section.end) this.#found(index, at);
    }
    return messages;
  }

  /** The position of a record of this section. */
  #find({ batch: { buffer }, first, firstAt }: Section, index: number): number {
    const isBehind = this.#foundIndex >= first && this.#foundIndex <= index;
    let at = isBehind ? this.#foundAt : firstAt;
    for (let before = isBehind ? this.#foundIndex : first; before < index; before++)
      at = varintEnd(buffer, at) + varintAt(buffer, at);
    this.#found(index, at);
    return at;
  }

  #found(index: number, at: number): void {
    this.#foundIndex = index;
    this.#foundAt = at;
  }

  /** The first section that ends after a record, by halves. */
  #sectionOf(index: number): number {
    let low = 0;
    for (let high = this.#sections.length; low < high;) {
      const middle = (low + high) >>> 1;
      if ((this.#sections[middle]?.end ?? 0) > index) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Records of one batch that lie one behind another. */
interface Section {
  readonly batch: BatchView;
  /** Position of the first one. */
  readonly firstAt: number;
  /** Index of the first one. */
  readonly first: number;
  /** The index after the last one. */
  readonly end: number;
}
