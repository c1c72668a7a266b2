import { assertEquals } from "@std/assert";
import { isNodeSound } from "../../../../lib/net/runtime.ts";
import { startServer } from "../../../../lib/tunnel/roles/server.ts";
import { unreached } from "../../../../lib/tunnel/ssh/reach.ts";
import { clientOptions, serverOptions } from "../../../support/command_lines.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { sealedTest } from "../../../support/skip.ts";

const TOKEN = { TELE_TOKEN: "correct horse battery" };
/** Deno 2.6.8 cannot seal. */
const ENCRYPTION = isNodeSound() ? [] : ["--encryption=never"];

function clientOf(port: number) {
  return clientOptions(["--client", "--stdio", `--out=127.0.0.1:${port}`, ...ENCRYPTION], TOKEN);
}

Deno.test("a tele server that answers is reached", async () => {
  const clock = new FakeClock();
  const options = serverOptions(["--server", "--in=127.0.0.1:22", "--out=127.0.0.1:0", ...ENCRYPTION], TOKEN);
  const server = await startServer(options, () => {}, clock);
  try {
    const port = Number(server.listens[0]!.split(":").at(-1));
    assertEquals(await unreached(clientOf(port), 60_000, new AbortController().signal), undefined);
  } finally {
    await server.stop("the test ends");
  }
});

Deno.test("a port that refuses is not reached", async () => {
  const { signal } = new AbortController();
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  taken.close();
  assertEquals(await unreached(clientOf(port), 60_000, signal), "connection refused");
});

sealedTest("a port that says nothing is not reached", async () => {
  const { signal } = new AbortController();
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const clock = new FakeClock();
  const reason = unreached(clientOf(silent.addr.port), 2_000, signal, clock);
  const accepted = await silent.accept();
  await clock.advance(2_000);
  assertEquals(await reason, "no answer within 2 s");
  accepted.close();
});

sealedTest("a search that is given up ends", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const given = new AbortController();
  const reason = unreached(clientOf(silent.addr.port), 60_000, given.signal, new FakeClock());
  const accepted = await silent.accept();
  given.abort(new Error("enough"));
  assertEquals(await reason, "enough");
  accepted.close();
});
