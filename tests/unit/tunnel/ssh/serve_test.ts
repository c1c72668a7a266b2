import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { isNodeSound } from "../../../../lib/net/runtime.ts";
import { startServe } from "../../../../lib/tunnel/ssh/serve.ts";
import { formatOrder, type Order } from "../../../../lib/tunnel/ssh/start_message.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { sealedTest } from "../../../support/skip.ts";

const ORDER: Order = { token: "correct horse battery", listen: "loopback", resumeTimeoutMs: 5_000 };
const CONNECTION = "192.0.2.1 50000 127.0.0.1 22";

/** Starts the server of a login that sends `input`. */
async function serve(input: string, connection: string | undefined = CONNECTION) {
  const clock = new FakeClock();
  const said: string[] = [];
  const running = await startServe({
    // Cut as a network may cut it.
    input: ReadableStream.from([...input].map((letter) => new TextEncoder().encode(letter))),
    connection,
    say: (line) => Promise.resolve(void said.push(line)),
    log: () => {},
    clock,
  }).catch((error) => {
    assertEquals(clock.pendingTimers, 0);
    throw Object.assign(error, { said });
  });
  return { running, said, clock };
}

sealedTest("a server tells its port, leads to sshd, and goes after a minute without a client", async () => {
  const { running, said, clock } = await serve(`${formatOrder(ORDER)}\nmore`);
  try {
    const [, port] = /^tele-ssh ready \{"port":(\d+)\}$/.exec(said.join("|")) ?? [];
    assertEquals(running.listens, [`127.0.0.1:${port}`]);
    assertMatch(running.readyLine, /, sealed by the token, user's server is 127\.0\.0\.1:22$/);
    await clock.advance(60_000);
    assertEquals(await running.ended, 0);
  } finally {
    await running.stop("the test ends");
  }
  assertEquals(clock.pendingTimers, 0);
});

sealedTest("a server for everybody listens everywhere, and sshd may be at an IPv6 address with a zone", async () => {
  const order = formatOrder({ ...ORDER, listen: "everywhere" });
  const { running } = await serve(`${order}\n`, "fe80::2%eth0 1 fe80::1%eth0 2222");
  try {
    assertMatch(running.listens.join(" "), /0\.0\.0\.0:|\[::\]:/);
    assertStringIncludes(running.readyLine, "user's server is [fe80::1%eth0]:2222");
  } finally {
    await running.stop("the test ends");
  }
});

sealedTest("a server takes the first port that is free, and says so when none is", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const none = formatOrder({ ...ORDER, ports: { low: port, high: port } });
  await assertRejects(() => serve(`${none}\n`), TeleError, `no port of ${port} is free there: let --port name more`);
  const some = formatOrder({ ...ORDER, ports: { low: port, high: Math.min(port + 200, 65_535) } });
  const { running } = await serve(`${some}\n`);
  try {
    const found = Number(running.listens[0]!.split(":")[1]);
    assert(found > port && found <= port + 200, `${found} of ${port}`);
  } finally {
    await running.stop("the test ends");
  }
});

if (!isNodeSound()) {
  Deno.test({
    name: "a server that cannot seal tells the login which Deno can",
    // A hash of the token, which nobody wants any more, may still be computed.
    sanitizeOps: false,
    async fn() {
      const error = await assertRejects(() => serve(`${formatOrder(ORDER)}\n`), TeleError) as TeleError & {
        said: string[];
      };
      assertStringIncludes(error.said.join("|"), "needs Deno 2.9 or later");
    },
  });
}

Deno.test("a server that cannot serve tells the login why", async () => {
  const cases: [input: string, connection: string | undefined, part: string][] = [
    ["", CONNECTION, "is started by tele ssh of another machine"],
    ["nonsense\n", CONNECTION, "is started by tele ssh of another machine"],
    [`${formatOrder(ORDER)}\n`, "", "SSH_CONNECTION"],
    [`${formatOrder(ORDER)}\n`, "UNKNOWN 65535 UNKNOWN 65535", "SSH_CONNECTION"],
    [`${formatOrder({ ...ORDER, token: "short" })}\n`, CONNECTION, "TELE_TOKEN"],
  ];
  for (const [input, connection, part] of cases) {
    const error = await assertRejects(() => serve(input, connection), TeleError) as TeleError & { said: string[] };
    assertStringIncludes(error.message, part);
    assertEquals(error.said.length, 1);
    assertStringIncludes(error.said[0]!, "tele-ssh failed");
    assertStringIncludes(error.said[0]!, part);
  }
});
