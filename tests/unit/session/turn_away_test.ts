/** A carrier that does not get to a session is told why, and so is the log; guesses wait a second. */
import { assertEquals } from "@std/assert";
import { TeleError } from "../../../lib/net/error.ts";
import { type Ending, RefusalError } from "../../../lib/session/ending.ts";
import type { ServerHandshake } from "../../../lib/session/handshake/server_handshake.ts";
import { tokensDiffer } from "../../../lib/session/handshake/token.ts";
import { EndCode } from "../../../lib/session/session_constants.ts";
import { turnAway } from "../../../lib/session/turn_away.ts";
import { FakeClock } from "../../support/fake_clock.ts";

/** Turns a carrier away for `error`, and says what happened, in order. */
async function away(error: unknown, { isRecognized = false, reason = undefined as string | undefined } = {}) {
  const [clock, happened] = [new FakeClock(), [] as string[]];
  const duplex = {
    peer: "192.0.2.1:5",
    closeWrite: () => Promise.resolve(),
    read: () => Promise.resolve(null),
    close: () => void happened.push("closed"),
  };
  const handshake = {
    channel: { duplex },
    sayFull: (hasOthers: boolean) => Promise.resolve(void happened.push(`said full, ${hasOthers}`)),
    refuse: ({ code }: Ending) => Promise.resolve(void happened.push(`refused ${code} at ${clock.now()}`)),
  } as unknown as ServerHandshake;
  const strangers = {
    reasonFor: () => reason,
    isRecognized: () => isRecognized,
    tell: (_peer: string, why: string) => void happened.push(`told: ${why}`),
    doom: () => void happened.push("doomed"),
  };
  const { signal: stopping } = new AbortController();
  const began = clock.now();
  await clock.run(turnAway(handshake, error, { clock, strangers, isGuarded: true, hasOthers: true, stopping }), 5_000);
  return happened.map((what) => what.replace(/ at (\d+)$/, (_, at) => ` after ${Number(at) - began}`));
}

Deno.test("who speaks another protocol is refused at once, with one line", async () => {
  assertEquals(await away(new TeleError("protocol", "no hello")), [
    "told: no hello",
    "doomed",
    `refused ${EndCode.protocol} after 0`,
    "closed",
  ]);
});

Deno.test("who may have guessed a token waits for a second, and goes first when there are too many", async () => {
  const happened = await away(tokensDiffer(false, undefined));
  assertEquals(happened.slice(1), ["doomed", `refused ${EndCode.token} after 1000`, "closed"]);
});

Deno.test("an attempt that a client gave up for another is no news, and one of a stranger is", async () => {
  const lost = new TeleError("carrier-lost", "end of file");
  assertEquals(await away(lost, { isRecognized: true }), ["closed"]);
  assertEquals(await away(lost), ["told: end of file", "closed"]);
  assertEquals(await away(lost, { reason: "it took too long" }), ["told: it took too long", "closed"]);
});

Deno.test("a join that came too late is told, and the log is not; without room the answer is proven", async () => {
  const stale = new RefusalError({ code: EndCode.stale, message: "a newer one came" });
  assertEquals(await away(stale), ["doomed", `refused ${EndCode.stale} after 0`, "closed"]);
  const full = new RefusalError({ code: EndCode.full, message: "there is no room" });
  assertEquals(await away(full), ["told: there is no room", "doomed", "said full, true", "closed"]);
});

Deno.test("a fault of this program's is told to nobody outside", async () => {
  assertEquals(await away(new Error("a fault")), ["told: a fault", "closed"]);
});
