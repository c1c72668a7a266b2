/** A node with real sockets: who is let in, what TLS is passed on, and how it ends. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { closedAreFree } from "../../../../lib/net/acceptor.ts";
import { systemClock } from "../../../../lib/net/clock.ts";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { hasNodeDuplex } from "../../../../lib/net/node_duplex.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { ticketProtocol } from "../../../../lib/session/handshake/ticket.ts";
import { FleetNode, type TakePassed } from "../../../../lib/tunnel/roles/fleet_node.ts";
import { clientHello, inRecords } from "../../../support/client_hellos.ts";
import { inFolder } from "../../../support/folder.ts";
import { readExactly } from "../../../support/reading.ts";
import { freePort } from "../../../support/user_programs.ts";
import { until } from "../../../support/wait.ts";

/** Before Deno 2.9 a reset is an end of file. */
const LOSS = hasNodeDuplex() ? "a loss" : "an end";

const SESSION = new Uint8Array(16).fill(1);

/** Two nodes, the second of which has a session, and takes what is passed to it. */
class World implements AsyncDisposable {
  readonly nodes: FleetNode[] = [];
  readonly ports: number[] = [];
  readonly taken: { carrier: Duplex; layer: string }[] = [];
  readonly lines: string[] = [];

  static async start(folder: string): Promise<World> {
    const world = new World();
    await Deno.writeTextFile(`${folder}/key`, "k".repeat(43), { mode: 0o600 });
    const log = (_level: string, message: string) => void world.lines.push(message);
    for (let at = 0; at < 2; at++) {
      const port = freePort();
      const choice = { node: { kind: "tcp", host: "127.0.0.1", port }, keyFile: `${folder}/key` } as const;
      const node = await FleetNode.prepare(choice, { clock: systemClock, log, keptMs: 60_000 });
      await node.listen((carrier, layer) => void world.taken.push({ carrier, layer }));
      world.nodes.push(node);
      world.ports.push(port);
    }
    world.nodes[1]!.fleet.serve({
      holds: (id) => id.every((byte, at) => byte === SESSION[at]),
      outlives: () => false,
      sessions: () => [],
      count: () => 0,
      limit: 8,
    });
    return world;
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.nodes) node.stop();
    for (const { carrier } of this.taken) carrier.close();
    return Promise.resolve();
  }
}

/** Somebody says this to the first node's server; what that goes on with, and the client's end. */
function come({ nodes }: World, hello: Uint8Array): { client: Duplex; passing: Promise<Duplex | undefined> } {
  const [client, server] = duplexPair();
  const passing = nodes[0]!.passTls(server, "outer");
  client.write(hello).catch(() => {});
  return { client, passing };
}

Deno.test("a hello of TLS with the ticket of another server's session goes on there, with every byte", () =>
  inFolder(async (folder) => {
    await using world = await World.start(folder);
    const ticket = await world.nodes[1]!.fleet.ticketFor(SESSION);
    const hello = inRecords(clientHello(["tele/2", ticketProtocol(ticket)]));
    const { client, passing } = come(world, hello);
    assertEquals(await passing, undefined);
    await until(() => world.taken.length === 1, 5_000, "the carrier");
    const { carrier, layer } = world.taken[0]!;
    assertEquals([layer, carrier.peer, carrier.isPassed], ["outer", "in memory", true]);
    assertEquals(await readExactly(carrier, hello.length), hello);
    await carrier.write(new Uint8Array([1, 2, 3]));
    assertEquals(await readExactly(client, 3), new Uint8Array([1, 2, 3]));
    // A half-close goes on, and the other direction stays.
    await client.closeWrite();
    assertEquals(await carrier.read(new Uint8Array(1)), null);
    await carrier.write(new Uint8Array([4]));
    assertEquals(await readExactly(client, 1), new Uint8Array([4]));
    await carrier.closeWrite();
    assertEquals(await client.read(new Uint8Array(1)), null);
  }));

Deno.test("a hello without a ticket, or with one of a session that is gone, stays, with every byte", () =>
  inFolder(async (folder) => {
    await using world = await World.start(folder);
    const gone = await world.nodes[1]!.fleet.ticketFor(new Uint8Array(16).fill(9));
    for (const protocols of [["tele/2"], ["tele/2", ticketProtocol(gone)], ["tele/2", "tele-ticket=AAAA"]]) {
      const hello = inRecords(clientHello(protocols));
      const { client, passing } = come(world, hello);
      assertEquals(await readExactly((await passing)!, hello.length), hello);
      client.close();
    }
    assertEquals(world.taken, []);
  }));

Deno.test("a reset of one side resets the other, and a server that ends aborts what it passes on", () =>
  inFolder(async (folder) => {
    await using world = await World.start(folder);
    const ticket = await world.nodes[1]!.fleet.ticketFor(SESSION);
    const hello = inRecords(clientHello(["tele/2", ticketProtocol(ticket)]));
    const [first, second] = [come(world, hello), come(world, hello)];
    await Promise.all([first.passing, second.passing]);
    await until(() => world.taken.length === 2, 5_000, "both carriers");
    world.taken[0]!.carrier.abort();
    // Which of the two it was is no matter.
    const ended = [first, second].map(({ client }) =>
      client.read(new Uint8Array(1)).then(() => "an end", () => "a loss")
    );
    assertEquals(await Promise.race(ended), LOSS);
    world.nodes[0]!.stop();
    assertEquals((await Promise.all(ended)).toSorted(), ["a loss", LOSS].toSorted());
  }));

Deno.test("who does not have the key is closed, and one line says so", () =>
  inFolder(async (folder) => {
    await using world = await World.start(folder);
    using stranger = await Deno.connect({ hostname: "127.0.0.1", port: world.ports[1]! });
    await stranger.write(new Uint8Array([0, 100, ...new Uint8Array(100)]));
    await until(() => world.lines.length > 0, 5_000, "the line");
    assertStringIncludes(world.lines[0]!, "it does not prove that it has a key of this fleet");
    // Who looks whether somebody listens is no news.
    (await Deno.connect({ hostname: "127.0.0.1", port: world.ports[0]! })).close();
    assertEquals(world.lines.length, 1);
  }));

Deno.test({
  name:
    "workers pass carriers to each other in their folder; one that is over has lost its sessions, whatever is left of it",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/key`, "k".repeat(43), { mode: 0o600 });
      const choice = { node: undefined, keyFile: `${folder}/key`, folder };
      const begin = async (take: TakePassed) => {
        const node = await FleetNode.prepare(choice, { clock: systemClock, log: () => {}, keptMs: 60_000 });
        await node.listen(take);
        node.fleet.serve({
          holds: () => true,
          outlives: () => false,
          sessions: () => [],
          count: () => 0,
          limit: 8,
        });
        return node;
      };
      const taken: Duplex[] = [];
      const [one, other] = [await begin(() => {}), await begin((carrier) => void taken.push(carrier))];
      const [client, server] = duplexPair();
      const ticket = await other.fleet.ticketFor(SESSION);
      assertEquals(await one.fleet.pass(ticket, server, "inner"), "passed");
      await until(() => taken.length === 1, 5_000, "the carrier");
      await client.write(new Uint8Array([7]));
      assertEquals(await readExactly(taken[0]!, 1), new Uint8Array([7]));
      // Who cleans up takes its file away: it is out of reach, and not gone.
      const [file] = Array.from(Deno.readDirSync(folder)).filter(({ name }) =>
        name === encodeHex(other.fleet.instance)
      );
      await Deno.remove(`${folder}/${file!.name}`);
      assertEquals(await one.fleet.pass(ticket, duplexPair()[0], "inner"), "unreachable");
      for (const each of [client, ...taken]) each.close();
      other.stop();
      // Its listener is closed a turn of the event loop later, when its accept has ended.
      const isListed = () => Deno.readTextFileSync("/proc/net/unix").includes(file!.name);
      await until(() => !isListed(), 5_000, "the end of its socket");
      const next = await begin(() => {});
      assertEquals(await next.fleet.pass(ticket, duplexPair()[0], "inner"), "gone");
      for (const node of [one, next]) node.stop();
    }),
});

Deno.test("a node whose place is taken says which option names it", () =>
  inFolder(async (folder) => {
    await using world = await World.start(folder);
    const choice = {
      node: { kind: "tcp", host: "127.0.0.1", port: world.ports[0]! },
      keyFile: `${folder}/key`,
    } as const;
    const node = await FleetNode.prepare(choice, { clock: systemClock, log: () => {}, keptMs: 60_000 });
    await assertRejects(() => node.listen(() => {}), Error, "--node: ");
    node.stop();
  }));

Deno.test("a node that is left refuses who comes until it is back, and goes on with what it passes on", () =>
  inFolder(async (folder) => {
    await using world = await World.start(folder);
    const ticket = await world.nodes[1]!.fleet.ticketFor(SESSION);
    const { client, passing } = come(world, inRecords(clientHello(["tele/2", ticketProtocol(ticket)])));
    assertEquals(await passing, undefined);
    for (const [at, node] of world.nodes.entries()) {
      node.leave();
      await closedAreFree();
      await assertRejects(() => Deno.connect({ hostname: "127.0.0.1", port: world.ports[at]! }));
    }
    await until(() => world.taken.length === 1, 5_000, "the carrier");
    await world.taken[0]!.carrier.write(new Uint8Array([1]));
    assertEquals(await readExactly(client, 1), new Uint8Array([1]));
    for (const [at, node] of world.nodes.entries()) {
      await node.comeBack();
      (await Deno.connect({ hostname: "127.0.0.1", port: world.ports[at]! })).close();
    }
  }));

Deno.test({
  name: "a hello of TLS that begins a session goes to a worker that has fewer, and no other hello does",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/key`, "k".repeat(43), { mode: 0o600 });
      // What else is there: the parent's question to a worker, and what is left of one that was killed.
      await Deno.writeTextFile(`${folder}/status.0.1`, "");
      await Deno.writeTextFile(`${folder}/${"0f".repeat(8)}`, "");
      const choice = { node: undefined, keyFile: `${folder}/key`, folder };
      const taken: { carrier: Duplex; layer: string }[] = [];
      const nodes: FleetNode[] = [];
      for (const count of [3, 0]) {
        const node = await FleetNode.prepare(choice, { clock: systemClock, log: () => {}, keptMs: 60_000 });
        await node.listen((carrier, layer) => void taken.push({ carrier, layer }));
        node.fleet.serve({
          holds: () => false,
          outlives: () => false,
          sessions: () => [],
          count: () => count,
          limit: 8,
        });
        nodes.push(node);
      }
      const visit = async (protocols: string[], known: Partial<Duplex> = {}) => {
        const [client, server] = duplexPair();
        const hello = inRecords(clientHello(protocols));
        client.write(hello).catch(() => {});
        const staying = await nodes[0]!.passTls(Object.assign(server, known), "outer");
        return { client, hello, isStaying: staying !== undefined };
      };
      const { client, hello, isStaying } = await visit(["tele/2"]);
      assertEquals(isStaying, false);
      await until(() => taken.length === 1, 5_000, "the carrier");
      const [{ carrier, layer }] = taken as [typeof taken[0]];
      assertEquals([layer, carrier.isPassed], ["outer", true]);
      assertEquals(await readExactly(carrier, hello.length), hello);
      assertEquals((await visit(["http/1.1"])).isStaying, true);
      assertEquals((await visit(["tele/2"], { leaf: new Uint8Array(32) })).isStaying, true);
      assertEquals(await nodes[1]!.passTls(carrier, "outer"), carrier, "what was dealt stays");
      assertEquals(taken.length, 1);
      for (const each of [client, carrier]) each.close();
      for (const node of nodes) node.stop();
    }),
});
