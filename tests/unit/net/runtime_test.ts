/** What is asked of the runtime's insides: that it is there, and what it says. */
import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import net from "node:net";
import type { TLSSocket } from "node:tls";
import {
  isNodeSound,
  listeningHandle,
  pipeBinding,
  streamBinding,
  systemError,
  takeHandle,
  tcpBinding,
  type TcpHandle,
  verifyErrorOf,
} from "../../../lib/net/runtime.ts";
import { acceptHandles } from "../../../lib/net/tcp_connections.ts";
import { until } from "../../support/wait.ts";

Deno.test("Deno 2.9 and later is sound", () => {
  for (const version of ["2.9.0", "2.9.6", "2.10.1", "3.0.0"]) assert(isNodeSound(version), version);
  for (const version of ["2.6.8", "2.8.9", "1.46.3", ""]) assertFalse(isNodeSound(version), version);
});

Deno.test("where node:net is sound, all that is needed of its handles is there", () => {
  assertEquals(tcpBinding() !== undefined, isNodeSound());
  assertEquals(pipeBinding() !== undefined, isNodeSound() && Deno.build.os !== "windows");
  if (!isNodeSound()) return;
  const { streamBaseState, kReadBytesOrError, kLastWriteWasAsync } = streamBinding();
  assert(kReadBytesOrError < streamBaseState.length && kLastWriteWasAsync < streamBaseState.length);
});

if (isNodeSound()) {
  Deno.test("a socket whose handle was taken does nothing any more, and nothing keeps it", async () => {
    const server = net.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    assertEquals(listeningHandle(server)?.listen(1), 0, "a server listens once more without harm");
    const arrived = new Promise<net.Socket>((resolve) => server.once("connection", resolve));
    const socket = net.connect((server.address() as net.AddressInfo).port, "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    const { _handle } = socket as unknown as { _handle: Record<string | symbol, unknown> };
    const knowsSocket = () => Reflect.ownKeys(_handle).some((key) => _handle[key] === socket);
    assert(knowsSocket(), "the runtime's handles know their sockets, so that there is something to forget");
    const handle = takeHandle(socket);
    assertEquals((socket as unknown as { _handle: unknown })._handle, null);
    assertFalse(knowsSocket(), "the handle does not keep its socket");
    handle.close();
    (await arrived).destroy();
    await new Promise((resolve) => server.close(resolve));
  });
}

if (isNodeSound()) {
  Deno.test("handles that read into the same memory tell what came before another one reads into it", async () => {
    const binding = tcpBinding()!;
    const server = net.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const shared = new Uint8Array(2048);
    const handles: TcpHandle[] = [];
    let came = 0;
    const faults: string[] = [];
    const onHandle = (handle: TcpHandle) => {
      handles.push(handle);
      let own: number | undefined;
      handle.useUserBuffer(shared);
      handle.onread = () => {
        const count = binding.streamBaseState[binding.kReadBytesOrError]!;
        if (count < 0) faults.push(`a read failed with ${count}`);
        own ??= shared[0];
        if (shared.subarray(0, count).some((byte) => byte !== own)) faults.push(`something else than ${own} came`);
        came += count;
      };
      handle.readStart();
    };
    acceptHandles(binding, server, { onHandle, onFailed: (error) => faults.push(error.message) });
    const { port } = server.address() as net.AddressInfo;
    const users = await Promise.all(
      Array.from({ length: 50 }, () => Deno.connect({ hostname: "127.0.0.1", port })),
    );
    let sent = 0;
    for (let round = 0; round < 20; round++) {
      await Promise.all(users.map((user, at) => {
        const bytes = new Uint8Array(1 + (at * 37 + round * 91) % 3000).fill(at + 1);
        sent += bytes.length;
        return user.write(bytes);
      }));
    }
    await until(() => came === sent || faults.length > 0, 10_000, "all that was sent");
    assertEquals([faults, came], [[], sent]);
    users.forEach((user) => user.close());
    handles.forEach((handle) => handle.close());
    await new Promise((resolve) => server.close(resolve));
  });
}

Deno.test("a failure of a handle has the system's name in its words and its code", () => {
  const error = systemError("write", -32) as Error & { code: string };
  assertEquals([error.message, error.code], ["write EPIPE", "EPIPE"]);
  assertThrows(() => systemError("write", 0));
});

Deno.test("what the runtime found wrong with a certificate is its code, in Deno's form and in Node.js's", () => {
  const says = (error: unknown) => verifyErrorOf({ ssl: { verifyError: () => error } } as unknown as TLSSocket);
  assertEquals([says(null), says("")], [undefined, undefined]);
  assertEquals([says("CERT_HAS_EXPIRED"), says({ code: "CERT_HAS_EXPIRED" })], [
    "CERT_HAS_EXPIRED",
    "CERT_HAS_EXPIRED",
  ]);
});
