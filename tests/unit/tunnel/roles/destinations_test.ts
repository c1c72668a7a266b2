/** Which destinations are dialled: what was looked at, and nothing else. */
import { assertEquals, assertRejects } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { parseHostPattern } from "../../../../lib/net/host_pattern.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { ResetCode } from "../../../../lib/mux/mux_constants.ts";
import { UnreachedError } from "../../../../lib/mux/unreached_error.ts";
import { CONNECTED, Destinations } from "../../../../lib/tunnel/roles/destinations.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const NAMES: Record<string, string[]> = {
  "a.example": ["192.0.2.1"],
  "mixed.example": ["127.0.0.1", "192.0.2.2"],
  "own.example": ["127.0.0.1", "::1", "169.254.169.254"],
  "inside.example": ["10.1.2.3"],
  "many.example": Array.from({ length: 1_000 }, (_, at) => `192.0.2.${at % 250}`),
};

/** A server that allows `patterns`; dials are kept, and reject with `failure` if there is one. */
function setUp(patterns: string[], failure?: unknown) {
  const [asked, dialled]: [string[], string[]] = [[], []];
  const destinations = new Destinations({
    patterns: patterns.map(parseHostPattern),
    clock: new FakeClock(),
    resolve(host) {
      asked.push(host);
      const addresses = NAMES[host];
      return addresses === undefined ? Promise.reject(new Error("ENOTFOUND")) : Promise.resolve(addresses);
    },
    dial({ host, port }): Promise<Duplex> {
      dialled.push(`${host} ${port}`);
      return failure === undefined ? Promise.resolve(duplexPair()[0]) : Promise.reject(failure);
    },
  });
  const connect = (to: string) => destinations.connect(to, new AbortController().signal);
  const codeOf = async (to: string) => (await assertRejects(() => connect(to), UnreachedError)).resetCode;
  return { asked, dialled, connect, codeOf };
}

Deno.test("a name is resolved once, its address is dialled, and a byte in front of all says that it is there", async () => {
  const { asked, dialled, connect } = setUp(["*.example:443"]);
  const user = await connect("a.example:443");
  const into = new Uint8Array(10);
  assertEquals([await user.read(into), into[0], user.peer], [CONNECTED.length, CONNECTED[0], "a.example:443"]);
  assertEquals([asked, dialled], [["a.example"], ["192.0.2.1 443"]]);
  user.close();
});

Deno.test("what no pattern is for is not even resolved", async () => {
  const { asked, dialled, codeOf } = setUp(["a.example:443"]);
  for (const to of ["b.example:443", "a.example:80", "192.0.2.1:443", "127.0.0.1:443"]) {
    assertEquals(await codeOf(to), ResetCode.denied, to);
  }
  assertEquals([asked, dialled], [[], []]);
});

Deno.test("no name leads to an address of the server's own machine, unless a literal allows that address", async () => {
  const { dialled, connect, codeOf } = setUp(["*:443", "127.0.0.1:80"]);
  for (const to of ["own.example:443", "127.0.0.1:443", "[::1]:443", "[::ffff:127.0.0.1]:443", "169.254.169.254:443"]) {
    assertEquals(await codeOf(to), ResetCode.denied, to);
  }
  (await connect("mixed.example:443")).close();
  (await connect("own.example:80")).close();
  (await connect("127.0.0.1:80")).close();
  assertEquals(dialled, ["192.0.2.2 443", "127.0.0.1 80", "127.0.0.1 80"]);
});

Deno.test("of a name with a thousand addresses, as its owner likes, sixteen are dialled", async () => {
  const { dialled, codeOf } = setUp(["*:443"], new Error("nobody there"));
  assertEquals([await codeOf("many.example:443"), dialled.length], [ResetCode.refused, 16]);
});

Deno.test("a network is for addresses, also for those of names that no pattern names", async () => {
  const { dialled, connect, codeOf } = setUp(["10.0.0.0/8:22"]);
  (await connect("inside.example:22")).close();
  (await connect("10.9.9.9:22")).close();
  assertEquals(await codeOf("a.example:22"), ResetCode.denied);
  assertEquals(dialled, ["10.1.2.3 22", "10.9.9.9 22"]);
});

Deno.test("why it is not reached is told: no such name, refused, no way there, no answer", async () => {
  assertEquals(await setUp(["*:1"]).codeOf("nobody.example:1"), ResetCode.unreachable);
  const cases: [code: string, reset: number][] = [
    ["ECONNREFUSED", ResetCode.refused],
    ["ETIMEDOUT", ResetCode.silent],
    ["EHOSTUNREACH", ResetCode.unreachable],
    ["ENETUNREACH", ResetCode.unreachable],
    ["EOTHER", ResetCode.refused],
  ];
  for (const [code, reset] of cases) {
    const error = new Error("wrapped", { cause: Object.assign(new Error(code), { code }) });
    assertEquals(await setUp(["*:1"], error).codeOf("a.example:1"), reset, code);
  }
});
