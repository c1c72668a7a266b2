/** What a user of SOCKS is told, and when. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { SocksReply, socksReply } from "../../../../lib/net/proxy/socks5_server.ts";
import { ResetCode } from "../../../../lib/mux/mux_constants.ts";
import { SocksUser } from "../../../../lib/tunnel/roles/socks_user.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { collect } from "../../../support/reading.ts";

function setUp() {
  const clock = new FakeClock();
  const [near, far] = duplexPair();
  return { clock, near, user: new SocksUser(far, clock) };
}

Deno.test("the server's byte becomes the reply, and what follows it goes on as it is, in both directions", async () => {
  const { near, user } = setUp();
  const told = collect(near);
  await user.write(new Uint8Array([0, 1, 2]));
  await user.writeNow(new Uint8Array([3]));
  await user.closeWrite();
  assertEquals((await told).bytes, new Uint8Array([...socksReply(SocksReply.succeeded), 1, 2, 3]));
  const back = collect(user);
  await near.write(new Uint8Array([9]));
  await near.closeWrite();
  assertEquals((await back).bytes, new Uint8Array([9]));
});

Deno.test("a stream that is reset before that is told by the reply that fits, and ends without a reset", async () => {
  const ends: [reason: unknown, reply: number][] = [
    ...([
      [ResetCode.refused, SocksReply.refused],
      [ResetCode.denied, SocksReply.notAllowed],
      [ResetCode.unreachable, SocksReply.hostUnreachable],
      [ResetCode.silent, SocksReply.expired],
      [ResetCode.limit, SocksReply.failed],
      [99, SocksReply.failed],
    ] as const).map(([code, reply]): [unknown, number] => {
      const cause = { kind: "reset", code, message: "no", by: "peer" };
      return [new TeleError("stream-reset", "no", { cause }), reply];
    }),
    [new TeleError("stream-reset", "cut", { cause: { kind: "cut", message: "cut" } }), SocksReply.failed],
    [undefined, SocksReply.failed],
  ];
  for (const [reason, reply] of ends) {
    const { clock, near, user } = setUp();
    const told = collect(near);
    user.abort(reason);
    await clock.settle();
    near.closeWrite();
    const { bytes, end } = await clock.run(told);
    assertEquals([bytes[1], bytes.length, end], [reply, 10, "end"]);
    await clock.advance(2_000);
    assertEquals(clock.pendingTimers, 0);
  }
});

Deno.test("a reset behind the reply is a reset, and what is no answer is none", async () => {
  const { near, user } = setUp();
  await Promise.all([user.write(new Uint8Array([0])), near.read(new Uint8Array(10))]);
  user.abort(new Error("the server has reset it"));
  assert((await collect(near)).end !== "end");
  const other = setUp();
  await assertRejects(() => other.user.write(new Uint8Array([1, 2])), TeleError, "does not say that it is connected");
  other.user.close();
});
