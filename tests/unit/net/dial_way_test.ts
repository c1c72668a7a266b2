/** Opening a connection by each way. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { systemClock } from "../../../lib/net/clock.ts";
import { Commands } from "../../../lib/net/command/commands.ts";
import { dialWay } from "../../../lib/net/dial_way.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { silentLog } from "../../../lib/net/log.ts";
import { parseProxy } from "../../../lib/net/proxy/proxy.ts";
import { byProxy, parseWay } from "../../../lib/net/way.ts";
import { FakeProcess } from "../../support/fake_process.ts";

Deno.test("a TCP way leads to who listens there", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const way = parseWay(`127.0.0.1:${listener.addr.port}`);
  const [carrier, accepted] = await Promise.all([dialWay(way), listener.accept()]);
  assertEquals(carrier.peer, `127.0.0.1:${listener.addr.port}`);
  carrier.close();
  accepted.close();
});

Deno.test("a WebSocket's way leads to the web server, and nothing has been said there yet", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const way = parseWay(`ws://127.0.0.1:${listener.addr.port}/tele`);
  const [carrier, accepted] = await Promise.all([dialWay(way), listener.accept()]);
  carrier.close();
  assertEquals(await accepted.read(new Uint8Array(1)), null);
  accepted.close();
});

Deno.test("a way where nobody listens fails with its name", async () => {
  const error = await assertRejects(() => dialWay(parseWay("unix:/nowhere/at/all")), TeleError);
  assertEquals(error.code, "carrier-lost");
  assert(error.message.startsWith("unix:/nowhere/at/all: "), error.message);
});

Deno.test("a way that is given up beforehand is not tried", async () => {
  await assertRejects(() => dialWay(parseWay("127.0.0.1:1"), AbortSignal.abort()), TeleError);
});

Deno.test("a way by a proxy asks the proxy, and says so when it has accepted", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const proxy = parseProxy(`http://127.0.0.1:${listener.addr.port}`);
  const told: (string | undefined)[] = [];
  const connected = (silence?: string) => void told.push(silence);
  const dialing = dialWay(byProxy(parseWay("example.com:40300"), proxy), undefined, connected);
  using accepted = await listener.accept();
  const asked = new Uint8Array(256);
  const count = await accepted.read(asked) ?? 0;
  assert(new TextDecoder().decode(asked.subarray(0, count)).startsWith("CONNECT example.com:40300 HTTP/1.1\r\n"));
  assert(told.length === 1 && told[0]?.includes("does not answer"), `${told}`);
  await accepted.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n"));
  const carrier = await dialing;
  assertEquals([carrier.peer, told.length, told[1]], ["example.com:40300", 2, undefined]);
  carrier.close();
});

Deno.test("a way by a command starts it where commands are started, unless it was given up beforehand", async () => {
  const started: FakeProcess[] = [];
  const start = () => {
    started.push(new FakeProcess());
    return started.at(-1)!;
  };
  const commands = new Commands({ clock: systemClock, log: silentLog, start });
  const way = parseWay("exec:ssh -W a:1 b");
  await assertRejects(() => dialWay(way, AbortSignal.abort(), undefined, commands));
  assertEquals(started.length, 0);
  let told: string | undefined;
  const carrier = await dialWay(way, undefined, (silence) => told = silence, commands);
  assertEquals([carrier.peer, started.length], ["exec:ssh -W a:1 b", 1]);
  assertEquals(told, "the command runs, but no tele server answers by it");
  started[0]!.onTerminate = () => started[0]!.end(0, { hasClosed: true });
  carrier.close();
  await commands.stop();
  await assertRejects(
    () => dialWay(parseWay("exec:no-such-program-of-tele")),
    TeleError,
    "there is no program",
  );
});
