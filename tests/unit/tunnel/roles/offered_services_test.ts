/** A client dials what it offers, and nothing else. */
import { assertEquals, assertRejects } from "@std/assert";
import { StreamLog } from "../../../../lib/tunnel/log/stream_log.ts";
import { offeredServices } from "../../../../lib/tunnel/roles/offered_services.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { banner, UserServer } from "../../../support/user_programs.ts";
import { readText } from "../../../support/reading.ts";

const never = new AbortController().signal;

function needs() {
  const clock = new FakeClock();
  return { clock, streamLog: new StreamLog(clock, () => {}) };
}

Deno.test("each name leads to its user's server", async () => {
  await using db = new UserServer(banner("db"));
  await using web = new UserServer(banner("web"));
  const servers = { db, web };
  const services = Object.entries(servers).map(([name, { port }]) => ({
    name,
    in: { kind: "tcp", host: "127.0.0.1", port } as const,
  }));
  const offers = offeredServices(services, needs())!;
  assertEquals(offers.names, ["db", "web"]);
  for (const service of offers.names) {
    const user = await offers.dial(never, { service, tokenName: undefined });
    assertEquals(await readText(user, service.length), service);
    user.close();
  }
});

Deno.test("a user's server that is not there is told of, with its address", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  taken.close();
  const offers = offeredServices([{ name: "db", in: { kind: "tcp", host: "127.0.0.1", port } }], needs())!;
  await assertRejects(
    () => offers.dial(never, { service: "db", tokenName: undefined }),
    Error,
    `127.0.0.1:${port}`,
  );
});

Deno.test("without services nothing is offered, and the server opens no streams", () => {
  assertEquals(offeredServices([], needs()), undefined);
});
