/**
 * Time that jumps from one event to the next.
 *
 * @module
 */

interface Event {
  ms: number;
  order: number;
  run: () => void;
}

/** What is to happen, in order of time; at one time, in the order in which it was told. */
export class Events {
  /** The present time, in milliseconds. */
  now = 0;
  #order = 0;
  /** A binary heap: the next one is the first. */
  readonly #heap: Event[] = [];

  /** Runs this at `ms`, or at once when the present is over, if that is past. */
  at(ms: number, run: () => void): void {
    const heap = this.#heap, event = { ms: Math.max(ms, this.now), order: this.#order++, run };
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = event;
  }

  /** Runs this after `ms`. */
  after(ms: number, run: () => void): void {
    this.at(this.now + ms, run);
  }

  /** Runs all that is due up to `ms`. */
  runUntil(ms: number): void {
    while (this.#heap.length > 0 && this.#heap[0].ms <= ms) {
      const event = this.#takeFirst();
      this.now = event.ms;
      event.run();
    }
    this.now = ms;
  }

  #takeFirst(): Event {
    const heap = this.#heap, first = heap[0], last = heap.pop()!;
    if (heap.length === 0) return first;
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
    return first;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.ms < other.ms || (one.ms === other.ms && one.order < other.order);
}
