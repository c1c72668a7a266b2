/** Who looks on at sessions: what it hears at either end, and that its faults are its own. */
import { assertEquals, assertMatch } from "@std/assert";
import { guardedObserver, type SessionObserver } from "../../../lib/session/session_observer.ts";
import { MuxWorld } from "../../support/mux_world.ts";

/** An observer that writes down what it hears. */
function recorder(): { observer: SessionObserver; heard: string[] } {
  const heard: string[] = [];
  return {
    heard,
    observer: {
      sessionMade: () => void heard.push("made"),
      carrierAttached: (_session, { carrier, lane }) => void heard.push(`attached ${carrier.number} ${lane}`),
      carrierGone: (_session, { carrier }, reason) => void heard.push(`gone ${carrier.number}: ${reason}`),
      sessionEnded: (_session, error) => void heard.push(`ended: ${error.message}`),
      attemptFailed: (error) => void heard.push(`failed: ${(error as Error).message}`),
    },
  };
}

Deno.test("both ends hear of a session, of its carriers, why they went, and of its end", async () => {
  const [client, server] = [recorder(), recorder()];
  {
    await using world = new MuxWorld({ client: { observer: client.observer }, server: { observer: server.observer } });
    assertEquals(client.heard, ["made"]);
    await world.attached();
    world.network.cut();
    await world.clock.advance(5);
    await world.attached();
  }
  assertEquals(client.heard.filter((line) => !line.startsWith("failed")), [
    "made",
    "attached 0 quiet",
    "gone 0: connection reset",
    "attached 1 quiet",
    "gone 1: the session ended",
    "ended: the test ends",
  ]);
  assertEquals(server.heard.filter((line) => /^(made|attached|ended)/.test(line)), [
    "made",
    "attached 0 quiet",
    "attached 1 quiet",
    "ended: the test ends",
  ]);
});

Deno.test("a client's failed attempts, and a server's, are told", async () => {
  const [client, server] = [recorder(), recorder()];
  await using world = new MuxWorld({
    client: { observer: client.observer, token: new Uint8Array(16) },
    server: { observer: server.observer, token: new Uint8Array(16).fill(1) },
  });
  await world.clock.advance(5_000);
  assertMatch(client.heard[1] ?? "", /^failed: /);
  assertMatch(server.heard[0] ?? "", /^failed: /);
});

Deno.test("what an observer throws is an error of the program, and the session goes on", async () => {
  const errors: unknown[] = [];
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    errors.push(event.error);
  };
  addEventListener("error", onError);
  const broken = () => {
    throw new Error("broken");
  };
  const observer = {
    sessionMade: broken,
    carrierAttached: broken,
    carrierGone: broken,
    sessionEnded: broken,
    attemptFailed: broken,
  };
  {
    await using world = new MuxWorld({ client: { observer }, server: { observer } });
    await world.attached();
  }
  removeEventListener("error", onError);
  assertEquals(errors.map((error) => (error as Error).message), Array(errors.length).fill("broken"));
  assertEquals(errors.length >= 8, true, `${errors.length} errors`);
  assertEquals(guardedObserver(undefined), undefined);
});
