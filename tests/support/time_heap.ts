/**
 * What is to happen, kept in order of time.
 *
 * @module
 */

/** Something that is due at a moment. */
export interface Timed {
  readonly dueMs: number;
}

/** Where something stands in the order: by its time, and among others of the same time. */
interface Place extends Timed {
  readonly order: number;
}

interface Entry<Item extends Timed> extends Place {
  readonly item: Item;
}

/** What is due within this time of each other is kept together until it is near, in milliseconds. */
const SPAN_MS = 16;

/**
 * What is due first comes out first, and of one moment what was put in first.
 *
 * Only what is near is in order, and the rest is kept by its span of time: each of hundreds of thousands of timers, most
 * of which are far away, or cancelled before they are near, costs no more than one of a few does.
 */
export class TimeHeap<Item extends Timed> {
  /** Of this span and those before. */
  #nearSpan = -Infinity;
  readonly #near: Heap<Entry<Item>> = new Heap();
  /** Those of later spans, as they came. */
  readonly #later: Map<number, Entry<Item>[]> = new Map();
  /** Which spans these are, as if a span were a time. */
  readonly #laterSpans: Heap<Place> = new Heap();
  #order = 0;

  /** What is due next. */
  get first(): Item | undefined {
    this.#approach();
    return this.#near.first?.item;
  }

  /** Puts it in. */
  push(item: Item): void {
    const { dueMs } = item, entry = { dueMs, order: this.#order++, item };
    const span = Math.floor(dueMs / SPAN_MS);
    if (span <= this.#nearSpan) return this.#near.push(entry);
    const others = this.#later.get(span);
    if (others !== undefined) return void others.push(entry);
    this.#later.set(span, [entry]);
    this.#laterSpans.push({ dueMs: span, order: 0 });
  }

  /** Takes out what is due next. */
  takeFirst(): Item | undefined {
    this.#approach();
    return this.#near.takeFirst()?.item;
  }

  /** When nothing is near, the next span is. */
  #approach(): void {
    if (this.#near.first !== undefined) return;
    const next = this.#laterSpans.takeFirst();
    if (next === undefined) return;
    const span = this.#nearSpan = next.dueMs;
    for (const entry of this.#later.get(span)!) this.#near.push(entry);
    this.#later.delete(span);
  }
}

/** A binary heap. */
class Heap<Item extends Place> {
  readonly #items: Item[] = [];

  get first(): Item | undefined {
    return this.#items[0];
  }

  push(item: Item): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(item, items[parent])) break;
      items[at] = items[parent];
      at = parent;
    }
    items[at] = item;
  }

  takeFirst(): Item | undefined {
    const items = this.#items, first = items[0], last = items.pop();
    if (last === undefined || items.length === 0) return last;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && isBefore(items[child + 1], items[child])) child++;
      if (!isBefore(items[child], last)) break;
      items[at] = items[child];
      at = child;
    }
    items[at] = last;
    return first;
  }
}

function isBefore(one: Place, other: Place): boolean {
  return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.order < other.order);
}
