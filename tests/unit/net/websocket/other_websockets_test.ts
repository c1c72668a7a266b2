/** The runtime's own WebSockets at the other end: another implementation of RFC 6455. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { equals } from "@std/bytes/equals";
import { DenoDuplex } from "../../../../lib/net/deno_duplex.ts";
import { systemClock } from "../../../../lib/net/clock.ts";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { openWebSocket } from "../../../../lib/net/websocket/websocket_client.ts";
import { acceptWeb } from "../../../../lib/net/websocket/websocket_server.ts";
import { generated } from "../../../support/random.ts";
import { collect, readExactly } from "../../../support/reading.ts";
import { within } from "../../../support/wait.ts";

/** Our client at a server of the runtime's, which sends back what comes. */
async function withEcho(body: (client: Duplex, server: WebSocket) => Promise<void>): Promise<void> {
  const { promise: opened, resolve } = Promise.withResolvers<WebSocket>();
  await using web = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => resolve(socket);
    socket.onmessage = ({ data }) => socket.send(data);
    return response;
  });
  const transport = new DenoDuplex(await Deno.connect({ hostname: "127.0.0.1", port: web.addr.port }));
  const client = await openWebSocket(transport, { url: "ws://here/", host: "here", target: "/x" });
  try {
    await within(body(client, await opened), 10_000, "this test");
  } finally {
    client.close();
  }
}

/** Our server at a client of the runtime's. */
async function withClient(body: (server: Duplex, client: WebSocket) => Promise<void>): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const client = new WebSocket(`ws://127.0.0.1:${listener.addr.port}/x`);
  client.binaryType = "arraybuffer";
  const closed = new Promise((resolve) => client.onclose = resolve);
  const server = (await acceptWeb(new DenoDuplex(await listener.accept()), systemClock))!;
  await new Promise((resolve) => client.onopen = resolve);
  try {
    await within(body(server, client), 10_000, "this test");
  } finally {
    server.close();
    await closed;
  }
}

const SIZES = [1, 125, 126, 65_535, 65_536, 300_000];

Deno.test("what our client sends comes back from another server", async () => {
  await withEcho(async (client) => {
    for (const size of SIZES) {
      const bytes = generated(size, size);
      const [got] = await Promise.all([readExactly(client, size), client.write(bytes)]);
      assert(equals(got, bytes), `${size} bytes`);
    }
  });
});

Deno.test("a close of another server is a cut, with its code and words, and is answered as RFC 6455 has it", async () => {
  await withEcho(async (client, server) => {
    const closed = new Promise<CloseEvent>((resolve) => server.onclose = resolve);
    const reading = collect(client);
    server.close(4000, "enough");
    assertEquals((await reading).end, 'the WebSocket was closed on the way or at the other end (4000 "enough")');
    assertEquals((await closed).wasClean, true);
    await assertRejects(() => client.write(new Uint8Array(1)), Error, "the WebSocket is closed");
  });
});

Deno.test("a text of another server is an error, of which it is told", async () => {
  await withEcho(async (client, server) => {
    const closed = new Promise<CloseEvent>((resolve) => server.onclose = resolve);
    const reading = collect(client);
    server.send("hello");
    assertEquals((await reading).end, "a text came by WebSocket; tele sends bytes alone");
    assertEquals((await closed).code, 1002);
  });
});

Deno.test("what another client sends, our server reads; and it takes what our server sends", async () => {
  await withClient(async (server, client) => {
    for (const size of SIZES) {
      const bytes = generated(size, size);
      client.send(bytes);
      assert(equals(await readExactly(server, size), bytes), `${size} bytes`);
      // Larger writes are several messages.
      const messages: Uint8Array[] = [];
      const whole = new Promise<void>((resolve) => {
        client.onmessage = ({ data }) => {
          messages.push(new Uint8Array(data));
          if (messages.reduce((sum, { length }) => sum + length, 0) === size) resolve();
        };
      });
      await Promise.all([whole, server.write(bytes)]);
      assertEquals(messages.length, Math.ceil(size / 65_536));
    }
  });
});

Deno.test("a close of another client is a cut, and is answered as RFC 6455 has it", async () => {
  await withClient(async (server, client) => {
    const closed = new Promise<CloseEvent>((resolve) => client.addEventListener("close", resolve));
    const reading = collect(server);
    client.close(1000, "bye");
    assertEquals((await reading).end, 'the WebSocket was closed on the way or at the other end (1000 "bye")');
    const { wasClean, code } = await closed;
    assertEquals([wasClean, code], [true, 1000]);
  });
});
