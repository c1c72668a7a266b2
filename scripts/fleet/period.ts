/**
 * What is seen between two moments.
 *
 * @module
 */
import type { SimClient } from "./client.ts";
import { ms, percent, round, type Row, spreadOf } from "./report.ts";
import type { Deeds, SimServer } from "./server.ts";
import type { Word } from "./users.ts";
import type { World } from "./world.ts";

/** Whether a client is of those that a fault is about. */
export type IsTheirs = (client: SimClient) => boolean;

/** From its making on. */
export class Period {
  readonly #world: World;
  readonly #startMs: number;
  readonly #deeds: Deeds;
  readonly #dials: number;
  readonly #nodeWires: number;

  /** It begins. */
  constructor(world: World) {
    this.#world = world;
    this.#startMs = world.clock.now();
    this.#deeds = total(world.servers);
    this.#dials = world.balancer.count;
    this.#nodeWires = world.traffic.nodes.wires;
    world.outages = [];
    world.users.forget();
    for (const server of world.servers) server.mostSessions = server.sessions.size;
  }

  #since(deed: keyof Deeds): number {
    return total(this.#world.servers)[deed] - this.#deeds[deed];
  }

  /** The part of carriers that their servers passed on. */
  get passedShare(): number {
    return this.#since("passedOn") / this.#since("dealt");
  }

  /** What the balancer saw, and how servers bore it. */
  rows({ dials }: { dials?: number }): Row[] {
    const { balancer, traffic } = this.#world;
    const most = (counts: ReadonlyMap<number, number>, spanMs: number) => {
      const here = [...counts].filter(([at]) => (at + 1) * spanMs > this.#startMs);
      return Math.max(0, ...here.map(([, count]) => count));
    };
    return [
      {
        what: "connections that the balancer saw",
        paper: dials === undefined ? "" : round(dials),
        run: round(balancer.count - this.#dials),
      },
      {
        what: "most of them in a second, and in 20 ms",
        paper: "",
        run: `${most(balancer.bySecond, 1_000)}, ${most(balancer.byRoundTrip, 20)}`,
      },
      { what: "connections between servers", paper: "", run: round(traffic.nodes.wires - this.#nodeWires) },
      { what: "strangers sent away for want of room", paper: "", run: round(this.#since("expelled")) },
    ];
  }

  /** Of the clients that `isTheirs`, how long each had no carrier: half, 95 %, longest. */
  outages(isTheirs: IsTheirs = () => true): string {
    const { outages, clients, clock } = this.#world;
    const over = outages.filter(({ client }) => isTheirs(client)).map(({ lastedMs }) => lastedMs);
    const open = clients.filter((client) => client.lostAtMs !== undefined && isTheirs(client));
    const lasting = open.map(({ lostAtMs }) => clock.now() - lostAtMs!);
    const left = open.length > 0 ? `; ${open.length} still` : "";
    return `${spreadOf([...over, ...lasting])} (${over.length + open.length})${left}`;
  }

  /** How long users waited. */
  userRows(isTheirs?: IsTheirs): Row[] {
    if (isTheirs === undefined) {
      return [
        ...this.#wordRows("words", () => true),
        this.#cutRow("conversations cut", () => true),
      ];
    }
    const ofOthers: IsTheirs = (client) => !isTheirs(client);
    return [
      ...this.#wordRows("words of its users", isTheirs),
      ...this.#wordRows("words of other users", ofOthers),
      this.#cutRow("conversations of its users cut", isTheirs),
      this.#cutRow("conversations of other users cut", ofOthers),
    ];
  }

  #wordRows(what: string, isTheirs: IsTheirs): Row[] {
    const slow = this.slowWords(isTheirs);
    const run = slow.length === 0 ? "none" : `${slow.length}: ${spreadOf(slow)}`;
    return [{ what: `${what} that waited for more than ${ms(this.#world.users.noticedMs)}`, paper: "", run }];
  }

  #cutRow(what: string, isTheirs: IsTheirs): Row {
    return { what, paper: "", run: round(this.#world.users.cuts.filter(({ client }) => isTheirs(client)).length) };
  }

  /** How long words waited that were noticed, or wait yet, in milliseconds. */
  slowWords(isTheirs: IsTheirs): number[] {
    const { users, clock } = this.#world;
    const waitOf = ({ saidAtMs, waitedMs }: Word) => waitedMs ?? clock.now() - saidAtMs;
    return [...users.slow, ...users.waiting].filter(({ client }) => isTheirs(client)).map(waitOf)
      .filter((waitedMs) => waitedMs > users.noticedMs);
  }

  /** What should not have been. */
  problems({ mayCut, isTheirs = () => false }: { mayCut: boolean; isTheirs?: IsTheirs }): string[] {
    const { clients, users, options } = this.#world;
    const found: string[] = [];
    const away = clients.filter(({ mux }) => !mux.isAttached).length;
    if (away > 0) found.push(`${away} clients have no carrier (${percent(away / options.sessions)})`);
    const cuts = users.cuts.filter(({ client }) => !mayCut || !isTheirs(client)).length;
    if (cuts > 0) found.push(`${cuts} conversations were cut that should not have been`);
    return found;
  }
}

function total(servers: readonly SimServer[]): Deeds {
  const all: Deeds = { dealt: 0, passedOn: 0, passedHere: 0, asked: 0, expelled: 0 };
  for (const { deeds } of servers) for (const key of Object.keys(all) as (keyof Deeds)[]) all[key] += deeds[key];
  return all;
}
