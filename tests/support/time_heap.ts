/**
 * What is to happen, kept in order of time.
 *
 * @module
 */

/** Something that is due at a moment. */
export interface Timed {
  readonly dueMs: number;
}

/** A binary heap: what is due first comes out first, and of one moment what was put in first. */
export class TimeHeap<Item extends Timed> {
  readonly #heap: { item: Item; order: number }[] = [];
  #order = 0;

  /** What is due next. */
  get first(): Item | undefined {
    return this.#heap[0]?.item;
  }

  /** Puts it in. */
  push(item: Item): void {
    const heap = this.#heap, entry = { item, order: this.#order++ };
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = entry;
  }

  /** Takes out what is due next. */
  takeFirst(): Item | undefined {
    const heap = this.#heap, first = heap[0], last = heap.pop();
    if (last === undefined || heap.length === 0) return last?.item;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (!isBefore(heap[child], last)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return first.item;
  }
}

function isBefore(one: { item: Timed; order: number }, other: { item: Timed; order: number }): boolean {
  const { item: { dueMs } } = one, otherMs = other.item.dueMs;
  return dueMs < otherMs || (dueMs === otherMs && one.order < other.order);
}
