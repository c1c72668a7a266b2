/** What an accept of new tells a client. */
import { assertEquals, assertThrows } from "@std/assert";
import { readBegun } from "../../../lib/session/begun_session.ts";
import type { Accepted } from "../../../lib/session/handshake/client_handshake.ts";
import { type Fields, resumeTimeoutField, startPoolField } from "../../../lib/session/handshake/fields.ts";
import { offerAnswersField } from "../../../lib/session/handshake/offers.ts";
import { usersField } from "../../../lib/session/handshake/users.ts";
import type { Session } from "../../../lib/session/session.ts";
import { TeleError } from "../../../lib/net/error.ts";

const OWN = { resumeTimeoutMs: 5_000, offers: ["web", "db"], tokenName: "alice" };

function acceptedWith(...lists: Fields[]): Accepted {
  const fields = new Map(lists.flatMap((list) => [...list]));
  const accept = { sessionId: new Uint8Array(16).fill(3), number: 0, fields };
  return { accept, joinSecret: new Uint8Array(32).fill(4), leftover: new Uint8Array(0) } as unknown as Accepted;
}

Deno.test("a session becomes the one that was accepted, with what both ends have agreed on", () => {
  const lists = [resumeTimeoutField(3_000), startPoolField(77), usersField(true)];
  const begun = readBegun(acceptedWith(...lists, offerAnswersField(["has", "waits"])), OWN);
  assertEquals([...begun.answers!], [["db", "has"], ["web", "waits"]]);
  const session = { upper: { startPoolBytes: 1, tellsUsers: false } } as unknown as Session;
  begun.become(session);
  const { upper, ...rest } = session;
  assertEquals(upper as unknown, { startPoolBytes: 77, tellsUsers: true });
  assertEquals(rest as unknown, {
    id: new Uint8Array(16).fill(3),
    joinSecret: new Uint8Array(32).fill(4),
    tokenName: "alice",
    resumeTimeoutMs: 3_000,
  });
});

Deno.test("what the server does not say stays as it is, and the own time to wait holds where it is the shorter", () => {
  const session = { upper: { startPoolBytes: 1, tellsUsers: true } } as unknown as Session;
  const begun = readBegun(acceptedWith(resumeTimeoutField(9_000)), OWN);
  begun.become(session);
  assertEquals([begun.answers, session.resumeTimeoutMs], [undefined, 5_000]);
  assertEquals(session.upper as unknown, { startPoolBytes: 1, tellsUsers: false });
});

Deno.test("an accept that answers other offers is an error, before anything has changed", () => {
  assertThrows(() => readBegun(acceptedWith(offerAnswersField(["has"])), OWN), TeleError, "answers 1 offers");
});
