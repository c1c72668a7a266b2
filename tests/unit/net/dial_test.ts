/** Connecting: what is said where nobody answers, and how it is given up. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { dial } from "../../../lib/net/dial.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { hasIPv6, listenFor, portOf } from "../../support/sockets.ts";
import { pause, within } from "../../support/wait.ts";

Deno.test("dialing a port that nobody listens on says so", async () => {
  const probe = await listenFor({ kind: "tcp", host: "127.0.0.1", port: 0 });
  const port = portOf(probe.addresses[0]);
  probe[Symbol.dispose]();
  await pause(10);
  const error = await assertRejects(() => dial({ kind: "tcp", host: "127.0.0.1", port }), TeleError);
  assertEquals([error.code, error.message], ["carrier-lost", `127.0.0.1:${port}: connection refused`]);
  const anywhere = await assertRejects(() => dial({ kind: "tcp", host: undefined, port }), TeleError);
  assertEquals(anywhere.message, `:${port}: connection refused`);
});

Deno.test("dialing a name that does not exist, or a socket file that does not, names it", async () => {
  const name = await assertRejects(() => dial({ kind: "tcp", host: "no-such-host.invalid", port: 1 }), TeleError);
  assertEquals(name.code, "carrier-lost");
  assert(/^no-such-host\.invalid:1: ./.test(name.message), name.message);
  const file = await assertRejects(() => dial({ kind: "unix", path: "/no/such/socket" }), TeleError);
  assertStringIncludes(file.message, "unix:/no/such/socket: ");
  assert(!file.message.includes("os error"), file.message);
});

Deno.test("`:port` finds a user's server in whichever family it listens", async () => {
  if (!hasIPv6) return;
  using listener = Deno.listen({ hostname: "::1", port: 0 });
  const dialing = dial({ kind: "tcp", host: undefined, port: listener.addr.port });
  const [duplex, accepted] = await Promise.all([dialing, listener.accept()]);
  assertEquals(duplex.peer, `[::1]:${listener.addr.port}`);
  duplex.close();
  accepted.close();
  await pause(5);
});

Deno.test("a dial that is given up ends at once, whether it began or not", async () => {
  const early = new AbortController();
  early.abort();
  await assertRejects(() => dial({ kind: "tcp", host: "127.0.0.1", port: 1 }, early.signal), TeleError);
  // 192.0.2.0/24 (RFC 5737) is nobody's: an answer would take minutes, or comes at once as "no route".
  const late = new AbortController();
  const dialing = dial({ kind: "tcp", host: "192.0.2.1", port: 9 }, late.signal).then(
    (duplex) => duplex.close(),
    () => {},
  );
  await pause(20);
  late.abort();
  await within(dialing, 2_000, "the end of a dial");
  await pause(5);
});
