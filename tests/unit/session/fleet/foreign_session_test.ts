/** What a server answers to carriers whose session it does not have. */
import { assertEquals } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { NO_LEAF } from "../../../../lib/net/leaf.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { framed } from "../../../../lib/ping/codec.ts";
import type { TicketOutcome } from "../../../../lib/session/fleet/fleet_options.ts";
import { answerTo } from "../../../../lib/session/fleet/foreign_session.ts";
import { guardedField, leafField, ticketField } from "../../../../lib/session/handshake/fields.ts";
import { decodeChallenge, encodeHello, type Hello } from "../../../../lib/session/handshake/messages.ts";
import { ServerHandshake } from "../../../../lib/session/handshake/server_handshake.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { readExactly } from "../../../support/reading.ts";

const TICKET = new Uint8Array(80).fill(7);

interface Asked {
  kind?: Hello["kind"];
  outcome?: TicketOutcome;
  /** @default {a ticket} */
  ticket?: Uint8Array | null;
  /** What the client says of the TLS around the carrier. */
  leaf?: Uint8Array;
  /** Whether another worker takes new sessions. */
  isDealt?: boolean;
}

/** A hello that asks, and what comes of it. */
async function ask(
  { kind = "join", outcome = "gone", ticket = TICKET, leaf, isDealt = false }: Asked,
  hasFleet = true,
) {
  const [client, server] = duplexPair();
  const fields = new Map([
    ...guardedField(leaf !== undefined),
    ...leafField(leaf),
    ...ticketField(ticket ?? undefined),
  ]);
  const common = { nonce: new Uint8Array(32), publicKey: new Uint8Array(32), fields };
  const hello: Hello = kind === "new"
    ? { kind, ...common }
    : { kind, sessionId: new Uint8Array(16).fill(1), ...common };
  const wire = framed(encodeHello(hello));
  const handshake = new ServerHandshake(Object.assign(server, { leaf }), leaf !== undefined, "auto");
  const writing = client.write(wire);
  const heard = await handshake.hello();
  await writing;
  const passed: (Duplex | undefined)[] = [], dealt: Duplex[] = [];
  const fleet = {
    serve() {},
    ticketFor: () => Promise.resolve(TICKET),
    pass: (_ticket: Uint8Array, carrier: Duplex | undefined) => {
      passed.push(carrier);
      return Promise.resolve(outcome);
    },
    deal: (carrier: Duplex) => {
      dealt.push(carrier);
      return Promise.resolve(isDealt);
    },
    decided() {},
    hasOthers: true,
    begunApart() {},
  };
  const needs = { fleet: hasFleet ? fleet : undefined, clock: new FakeClock(), isGone: () => false };
  const answer = answerTo(heard, handshake, needs);
  const answering = answer.then((given) => given?.status);
  return { answer, answering, passed, dealt, client, wire };
}

Deno.test("a server alone, and one that is shown no ticket, says unknown, and ready to a new session", async () => {
  assertEquals(await (await ask({}, false)).answering, "unknown");
  assertEquals(await (await ask({ kind: "new" }, false)).answering, "ready");
  assertEquals(await (await ask({ ticket: null })).answering, "unknown");
});

Deno.test("a session that is gone for certain is unknown, and a new one of its client begins here", async () => {
  assertEquals(await (await ask({ outcome: "gone" })).answering, "unknown");
  assertEquals(await (await ask({ outcome: "gone", kind: "new" })).answer, { status: "ready" });
});

Deno.test("a new session whose client had one at an owner that cannot be reached begins here, and keeps what leads there", async () => {
  const { answer } = await ask({ outcome: "unreachable", kind: "new" });
  assertEquals(await answer, { status: "ready", formerTicket: TICKET });
});

Deno.test("what is passed on reads the hello as it came", async () => {
  const { answering, passed, wire } = await ask({ outcome: "passed" });
  assertEquals(await answering, undefined);
  assertEquals(await readExactly(passed[0]!, wire.length), wire);
});

Deno.test("an owner that cannot be reached is told by the challenge, and the carrier is closed", async () => {
  const { answering, client } = await ask({ outcome: "unreachable" });
  const frame = await readExactly(client, 4 + 68);
  assertEquals(decodeChallenge(frame.subarray(4)).status, "unreachable");
  assertEquals(await client.read(new Uint8Array(1)), null);
  client.close();
  assertEquals(await answering, undefined);
});

Deno.test("a carrier whose client has seen this server's certificate is passed to nobody", async () => {
  const sealed = await ask({ leaf: new Uint8Array(32).fill(4), outcome: "gone" });
  assertEquals([await sealed.answering, sealed.passed], ["unknown", [undefined]]);
  const verified = await ask({ leaf: NO_LEAF, outcome: "passed" });
  assertEquals([await verified.answering, verified.passed.length], [undefined, 1]);
  assertEquals(verified.passed[0] !== undefined, true);
});

Deno.test("a new session without a ticket is dealt, with every byte, if its client has not seen this server's certificate", async () => {
  for (const isDealt of [true, false]) {
    const { answering, dealt, passed, wire } = await ask({ kind: "new", ticket: null, isDealt });
    assertEquals(await answering, isDealt ? undefined : "ready");
    assertEquals([dealt.length, passed.length], [1, 0]);
    assertEquals(await readExactly(dealt[0]!, wire.length), wire);
  }
  const kept: Asked[] = [
    { kind: "new", ticket: null, leaf: new Uint8Array(32).fill(3) },
    { kind: "join", ticket: null },
    { kind: "new" },
  ];
  for (const asked of kept) {
    const { answering, dealt } = await ask({ ...asked, isDealt: true });
    assertEquals(await answering, asked.kind === "new" ? "ready" : "unknown");
    assertEquals(dealt, []);
  }
});
