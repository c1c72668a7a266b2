/** A client and a server settle their carriers, whatever the network between them loses, delays and kills. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Receipt } from "../../../lib/session/handshake/fields.ts";
import { MOST_CARRIERS, MOST_UNSETTLED } from "../../../lib/session/session_constants.ts";
import type { Covered } from "../../../lib/session/gone_carrier.ts";
import { Settlement } from "../../../lib/session/settlement.ts";

/** Commits under way at once. */
const MOST_AWAITED = 4;

/** Of a log that is empty. */
const NO_REMAINS = { pieces: [], heldBytes: 0, acknowledged: 0, handed: 0 };

interface Carrier {
  readonly number: number;
  /** Bytes that this end put on it. */
  sent: number;
  /** Bytes that it took from it. */
  taken: number;
  /** At a client, whether the accept has come; at a server, whether anything was heard. */
  isSure: boolean;
}

/** One end: its books, its carriers, and the frames that it owes. */
class End {
  readonly settlement = new Settlement();
  readonly carriers = new Map<number, Carrier>();
  /** What became of each carrier at this end. */
  readonly gone = new Map<number, Carrier>();
  readonly covered = new Map<number, number>();
  frames: { receipt: Receipt; isDelivered: boolean }[] = [];

  open(number: number, isSure: boolean): void {
    this.settlement.opened(number);
    this.carriers.set(number, { number, sent: 0, taken: 0, isSure });
  }

  drop(number: number, isClient: boolean): void {
    const carrier = this.carriers.get(number)!;
    this.carriers.delete(number);
    this.gone.set(number, carrier);
    if (isClient && !carrier.isSure) this.settlement.givenUp(number);
    else this.settlement.gone(number, carrier.taken, carrier.isSure, { ...NO_REMAINS, handed: carrier.sent });
  }

  cover(covered: Covered[]): void {
    for (const { number, taken } of covered) {
      assert(!this.covered.has(number), `carrier ${number} is covered once`);
      this.covered.set(number, taken);
    }
  }
}

interface Commit {
  readonly number: number;
  readonly live: number[];
  readonly receipts: Receipt[];
}

/** Both ends and the messages between them; each step may be tried at any time. */
class Network {
  readonly client = new End();
  readonly server = new End();
  #next = 1;
  #commits: Commit[] = [];
  #accepts: { commit: Commit; receipts: Receipt[] }[] = [];
  #highest: Commit = { number: 0, live: [], receipts: [] };
  #taken = new Set([0]);

  constructor() {
    this.client.open(0, true);
    this.server.open(0, false);
  }

  /** The client commits a join. */
  commit(): void {
    const { carriers, settlement } = this.client;
    const awaited = [...carriers.values()].filter(({ isSure }) => !isSure).length;
    if (awaited >= MOST_AWAITED || (settlement.isFull && carriers.size > awaited)) return;
    const commit = { number: this.#next++, live: settlement.live, receipts: settlement.own() };
    assert(commit.live.length <= MOST_UNSETTLED && commit.receipts.length <= MOST_UNSETTLED);
    this.client.open(commit.number, false);
    settlement.tells(commit.number, commit.receipts);
    this.#commits.push(commit);
  }

  /** A commit arrives at the server, in any order, or is lost. */
  takeCommit(which: number, isLost: boolean): void {
    const [commit] = this.#commits.splice(which % Math.max(1, this.#commits.length), 1);
    if (commit === undefined || isLost) return;
    const { number, live, receipts } = commit;
    const isHighest = number > this.#highest.number;
    if (!isHighest && (!this.#highest.live.includes(number) || this.#taken.has(number))) return;
    if (isHighest) this.#highest = commit;
    this.#taken.add(number);
    const { settlement } = this.server;
    for (const one of settlement.mustGo(receipts, isHighest ? commit : undefined)) this.server.drop(one, false);
    this.server.cover(settlement.committed(number, live, receipts));
    if (this.server.carriers.size >= MOST_CARRIERS) return;
    this.server.open(number, false);
    const own = settlement.own(receipts);
    assert(own.length <= MOST_UNSETTLED);
    settlement.tells(number, own);
    this.#accepts.push({ commit, receipts: own });
  }

  /** An accept arrives at the client, in any order, or is lost. */
  takeAccept(which: number, isLost: boolean): void {
    const [accept] = this.#accepts.splice(which % Math.max(1, this.#accepts.length), 1);
    const number = accept?.commit.number ?? -1;
    const carrier = this.client.carriers.get(number);
    if (accept === undefined || isLost || carrier === undefined) return;
    const { settlement } = this.client;
    for (const one of settlement.mustGo(accept.receipts)) this.client.drop(one, true);
    this.client.cover(settlement.accepted(number, accept.receipts));
    carrier.isSure = true;
  }

  /** A carrier is gone at one end: cut, silent, or given up. */
  lose(end: End, which: number): void {
    const numbers = [...end.carriers.keys()];
    if (numbers.length > 0) end.drop(numbers[which % numbers.length]!, end === this.client);
  }

  /** The carriers that are attached at both ends. */
  get #shared(): [Carrier, Carrier][] {
    return [...this.client.carriers.values()].filter(({ isSure }) => isSure)
      .map((near): [Carrier, Carrier | undefined] => [near, this.server.carriers.get(near.number)])
      .filter((pair): pair is [Carrier, Carrier] => pair[1] !== undefined);
  }

  /** Both ends send on a carrier that both have, and some of it arrives. */
  move(which: number, bytes: number): void {
    const shared = this.#shared;
    if (shared.length === 0) return;
    const [near, far] = shared[which % shared.length]!;
    near.sent += bytes;
    far.sent += bytes;
    near.taken += bytes % 3;
    this.#hear(far, bytes % 5);
  }

  #hear(far: Carrier, bytes: number): void {
    if (bytes === 0) return;
    far.isSure = true;
    far.taken += bytes;
    this.server.settlement.heard(far.number);
  }

  /** A frame with a receipt arrives on some carrier, or the acknowledgement of one that did. */
  frame(end: End, which: number): void {
    const peer = end === this.client ? this.server : this.client;
    const [pair] = this.#shared;
    if (pair === undefined) return;
    for (const receipt of end.settlement.takeUntold()) end.frames.push({ receipt, isDelivered: false });
    const frame = end.frames[which % Math.max(1, end.frames.length)];
    if (frame === undefined) return;
    const { receipt } = frame;
    if (frame.isDelivered) {
      end.frames = end.frames.filter((other) => other !== frame);
      end.settlement.peerHas([receipt.number]);
      return;
    }
    // A settled one may be left out, or sent all the same.
    if (end === this.client) {
      pair[0].sent++;
      this.#hear(pair[1], 1);
    }
    for (const one of peer.settlement.mustGo([receipt])) peer.drop(one, peer === this.client);
    const covered = peer.settlement.peerTold(receipt.number, receipt.taken);
    if (covered !== undefined) peer.cover([covered]);
    frame.isDelivered = true;
  }

  /** Everything dies, then one join goes through and is heard. */
  mend(): void {
    for (const end of [this.client, this.server]) while (end.carriers.size > 0) this.lose(end, 0);
    this.#commits = [];
    this.#accepts = [];
    this.commit();
    this.takeCommit(0, false);
    this.takeAccept(0, false);
    this.move(0, 1);
  }

  /** Whoever was told how much the peer took was told the truth, and of all carriers that both had attached. */
  check(): void {
    for (const [end, peer] of [[this.client, this.server], [this.server, this.client]] as const) {
      for (const [number, taken] of end.covered) {
        const there = peer.gone.get(number);
        assertEquals(taken, there?.taken ?? 0, `carrier ${number}`);
      }
    }
  }
}

/** What may happen next, and in each run how often: so some have hardly an accept, and others hardly a loss. */
const STEPS: ((network: Network, which: number, isOdd: boolean, isClient: boolean) => void)[] = [
  (network) => network.commit(),
  (network, which, isOdd) => network.takeCommit(which, isOdd && which < 10),
  (network, which, isOdd) => network.takeAccept(which, isOdd && which < 10),
  (network, _, isLost) => isLost ? network.takeAccept(0, true) : network.takeCommit(0, true),
  (network, which, _, isClient) => network.lose(isClient ? network.client : network.server, which),
  (network, which) => network.move(which, which),
  (network, which, _, isClient) => network.frame(isClient ? network.client : network.server, which),
  (network, _, __, isClient) => {
    const end = isClient ? network.client : network.server;
    while (end.carriers.size > 0) network.lose(end, 0);
  },
];
const WEIGHTS = fc.tuple(...STEPS.map(() => fc.constantFrom(0, 1, 1, 3, 9)));
const PICKS = fc.array(fc.tuple(fc.nat(2 ** 20), fc.nat(30), fc.boolean(), fc.boolean()), {
  minLength: 100,
  maxLength: 500,
  size: "max",
});

/** The step that `pick` chooses, each as often as its weight. */
function chosen(weights: readonly number[], pick: number): typeof STEPS[number] {
  let left = pick % Math.max(1, weights.reduce((sum, weight) => sum + weight));
  return STEPS[weights.findIndex((weight) => (left -= weight) < 0)] ?? STEPS[0]!;
}

Deno.test("in any order of events each end is told what the other took, once, and in the end nothing is owed", () => {
  fc.assert(
    fc.property(WEIGHTS, PICKS, (weights, picks) => {
      const network = new Network();
      for (const [pick, ...rest] of picks) chosen(weights, pick)(network, ...rest);
      network.mend();
      network.check();
      const { client, server } = network;
      const [number] = client.carriers.keys();
      assertEquals([client.settlement.live, server.settlement.live], [[number], [number]]);
      assertEquals([client.settlement.own(), server.settlement.own()], [[], []]);
      for (const carrier of client.gone.values()) {
        if (carrier.isSure) assert(client.covered.has(carrier.number), `the log of ${carrier.number} at the client`);
      }
      for (const carrier of server.gone.values()) {
        assert(server.covered.has(carrier.number), `the log of ${carrier.number} at the server`);
      }
    }),
    { seed: 13, numRuns: 600 },
  );
});
