/** Connecting with TLS. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parseAddress } from "../../../lib/net/address.ts";
import { systemClock } from "../../../lib/net/clock.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { silentLog } from "../../../lib/net/log.ts";
import { isNodeSound } from "../../../lib/net/runtime.ts";
import { requireTls } from "../../../lib/net/tls_client.ts";
import { dialTls } from "../../../lib/net/tls_dial.ts";
import { listenTls } from "../../../lib/net/tls_listen.ts";
import { parseCommandLine } from "../../../lib/tunnel/command_line/command_line.ts";
import { makeDialer } from "../../../lib/tunnel/roles/outer_dialer.ts";
import { listenOuter } from "../../../lib/tunnel/roles/outer_listener.ts";
import { certificates, tlsTest, TlsWorld } from "../../support/tls_world.ts";
import { within } from "../../support/wait.ts";

Deno.test("TLS on a runtime that is too old is a clear error", async () => {
  requireTls("2.9.0");
  const sentence = "TLS needs Deno 2.9 or later, and this is 2.6.8: install a newer one";
  assertThrows(() => requireTls("2.6.8"), TeleError, sentence);
  if (isNodeSound()) return;
  await assertRejects(() => dialTls(parseAddress(":1"), { protocols: [] }), TeleError, "TLS needs Deno 2.9 or later");
  const options = {
    defaultHosts: [],
    clock: systemClock,
    log: silentLog,
    onConnection() {},
    onRefused() {},
    onLeft() {},
  };
  const listening = () => listenTls(undefined, { cert: "", key: "", protocols: [] }, options);
  await assertRejects(listening, TeleError, "TLS needs Deno 2.9 or later");
  // Nor is it said of files, which that runtime cannot judge.
  const client = parseCommandLine(["--client", "--in=:0", "--out=:1", "--tls-ca=system"], {});
  const server = parseCommandLine(["--server", "--in=:1", "--out=:0", "--tls-cert=/no", "--tls-key=/no"], {});
  assert(client.kind === "client" && server.kind === "server");
  const dialer = () => makeDialer(client.options, silentLog, systemClock);
  await assertRejects(dialer, TeleError, "TLS needs Deno 2.9 or later");
  const listener = async () => await listenOuter(server.options, silentLog, systemClock, () => {});
  await assertRejects(listener, TeleError, "TLS needs Deno 2.9 or later");
});

tlsTest("a handshake given up closes its socket at once", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const giveUp = new AbortController();
  const dialing = dialTls(parseAddress(`127.0.0.1:${listener.addr.port}`), { protocols: [] }, giveUp.signal);
  const failing = assertRejects(() => dialing, Error, "enough");
  const silent = await listener.accept();
  const into = new Uint8Array(4096);
  assert((await silent.read(into))! > 100);
  giveUp.abort(new Error("enough"));
  assertEquals(await within(silent.read(into).catch(() => null), 10_000, "the end of the socket"), null);
  await failing;
  silent.close();
  const gone = AbortSignal.abort(new Error("before"));
  await assertRejects(() => dialTls(parseAddress(`127.0.0.1:${listener.addr.port}`), { protocols: [] }, gone));
});

tlsTest("an address with a zone is dialed with it, and verified without", async () => {
  const { ca } = await certificates();
  const local = Deno.networkInterfaces().find(({ address }) => address.startsWith("fe80:"));
  // Without IPv6 there is no address that needs one: then at least it must be told as a way that does not exist.
  const [address, zone] = local === undefined ? ["fe80::1", "lo"] : [local.address, local.name];
  const everywhere = local === undefined ? "127.0.0.1:0" : "[::]:0";
  const world = await TlsWorld.start(await ca.issue({ names: `IP:${address}` }), undefined, undefined, everywhere);
  const dialing = world.dial({}, `[${address}%${zone}]`);
  if (local === undefined) assertEquals((await assertRejects(() => dialing, TeleError)).code, "carrier-lost");
  else assertEquals((await dialing).protocol, "tele/2");
  world.close();
});
