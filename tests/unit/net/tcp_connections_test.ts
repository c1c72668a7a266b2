/** Connections without a `net.Socket` around each: that they are taken and made, and what is told where that fails. */
import { assertEquals, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import net from "node:net";
import { hasNodeDuplex } from "../../../lib/net/node_duplex.ts";
import { listeningHandle, tcpBinding, type TcpHandle } from "../../../lib/net/runtime.ts";
import { acceptHandles, connectHandle } from "../../../lib/net/tcp_connections.ts";
import { within } from "../../support/wait.ts";

/** Nobody listens there: port 1 is tcpmux. */
const NOBODY = 1;

async function listening(host: string): Promise<{ server: net.Server; port: number }> {
  const server = net.createServer();
  await new Promise<void>((listening) => server.listen(0, host, listening));
  return { server, port: (server.address() as net.AddressInfo).port };
}

// Not on Deno 2.6.8, which has no such handles: and a skipped test is a failure in CI.
if (hasNodeDuplex()) {
  const binding = tcpBinding()!;

  for (const host of ["127.0.0.1", "::1"]) {
    Deno.test(`a handle that connects to ${host} meets one that was accepted, and both know both ends`, async () => {
      const { server, port } = await listening(host);
      const accepted = Promise.withResolvers<TcpHandle>();
      acceptHandles(binding, server, { onHandle: accepted.resolve, onFailed: accepted.reject });
      const near = await connectHandle(binding, host, port);
      const far = await within(accepted.promise, 5_000, "the accepted handle");
      const [local, peer, nearPeer] = [{}, {}, {}] as { address?: string; port?: number }[];
      near.getsockname(local!);
      far.getpeername(peer!);
      near.getpeername(nearPeer!);
      assertEquals([peer!.address, peer!.port], [host, local!.port]);
      assertEquals([nearPeer!.address, nearPeer!.port], [host, port]);
      near.close();
      far.close();
      await new Promise((closed) => server.close(closed));
    });
  }

  Deno.test("where nobody listens the failure has the system's code and the address", async () => {
    const error = await assertRejects(() => connectHandle(binding, "127.0.0.1", NOBODY)) as Error & {
      code: string;
      address: string;
    };
    assertEquals([error.code, error.address], ["ECONNREFUSED", "127.0.0.1"]);
    assertMatch(error.message, /^connect ECONNREFUSED/);
  });

  Deno.test("who gives up gets its own reason, before it has begun and while it waits, and no handle stays", async () => {
    const { server, port } = await listening("127.0.0.1");
    const reason = new Error("the stream has ended");
    const early = await assertRejects(() => connectHandle(binding, "127.0.0.1", port, AbortSignal.abort(reason)));
    assertStrictEquals(early, reason);
    const controller = new AbortController();
    const connecting = connectHandle(binding, "127.0.0.1", port, controller.signal);
    controller.abort(reason);
    assertStrictEquals(await assertRejects(() => connecting), reason);
    await new Promise((closed) => server.close(closed));
  });

  Deno.test("a failure to accept is told, and the next connection is taken", async () => {
    const { server, port } = await listening("127.0.0.1");
    const failures: string[] = [];
    const accepted = Promise.withResolvers<TcpHandle>();
    acceptHandles(binding, server, { onHandle: accepted.resolve, onFailed: (error) => failures.push(error.message) });
    const handle = listeningHandle(server)!;
    handle.onconnection(-24);
    // Nobody waits to be accepted.
    handle.onconnection(0);
    assertEquals(failures, ["accept EMFILE", "accept EAGAIN"]);
    const near = await connectHandle(binding, "127.0.0.1", port);
    const far = await within(accepted.promise, 5_000, "the accepted handle");
    near.close();
    far.close();
    await new Promise((closed) => server.close(closed));
  });
}
