/**
 * Strangers at a server: noise, messages out of order, and clients some of whose bytes are changed on the way.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { HANDSHAKE_TIMEOUT_MS } from "../../lib/session/session_constants.ts";
import { ClientHandshake } from "../../lib/session/handshake/client_handshake.ts";
import { FieldType, readReceipts } from "../../lib/session/handshake/fields.ts";
import { type Commit, encodeHello } from "../../lib/session/handshake/messages.ts";
import { framed } from "../../lib/ping/codec.ts";
import type { Session } from "../../lib/session/session.ts";
import { memoryPipe } from "../support/memory_pipe.ts";
import type { Choices } from "./choices.ts";
import * as frames from "./frames.ts";
import { mangled } from "./mangle.ts";
import { silentServer, Stage } from "./roles.ts";
import { check, expectTele, hex, type Target, type Trace } from "./target.ts";
import { Mangler, Wire } from "./wire.ts";

/** A challenge and a refuse with a sentence of 512 bytes: the most that a stranger gets out of a server. */
const MOST_ANSWER_BYTES = 4 + 68 + 4 + 3 + 512;

const NOTHING: Uint8Array = new Uint8Array(0);

/** A session that an honest client has, and that strangers must not harm. */
export interface Kept {
  session: Session;
  secret: Uint8Array;
}

/** Begins a session with an honest client whose carrier is then lost. */
export function keep(stage: Stage, server: ReturnType<typeof silentServer>, sessions: Session[]): Kept {
  const pipe = memoryPipe();
  server.accept(pipe.b);
  let secret = NOTHING;
  const shake = async () => {
    const handshake = await ClientHandshake.begin(pipe.a);
    const commit = { kind: "new" as const, number: 0, lane: "quiet" as const, fields: new Map() };
    secret = (await handshake.commit(commit, NOTHING)).joinSecret;
  };
  check(stage.settles(shake(), 1000) && sessions.length === 1, () => "an honest client is not accepted");
  pipe.cut();
  stage.pass(10);
  return { session: sessions[0]!, secret };
}

/** What a stranger sends without listening. */
function strangerWire(choices: Choices, sessionId: Uint8Array): Uint8Array {
  const known = choices.chance(0.5) ? sessionId : undefined;
  const right = framed(encodeHello(frames.hello(choices, known)));
  switch (choices.between(0, 3)) {
    case 0:
      return choices.bytes(choices.upTo(5000));
    case 1:
      return mangled(choices, right);
    case 2: { // A hello and whatever else, in a wrong order.
      const others = Array.from({ length: choices.between(0, 5) }, () => {
        return framed(choices.chance(0.1) ? NOTHING : frames.handshakePayload(choices, known));
      });
      return concat([...(choices.chance(0.7) ? [right] : []), ...others]);
    }
    default: { // A right hello, and something wrong behind it.
      const others = framed(frames.handshakePayload(choices, known));
      return concat([right, mangled(choices, others)]);
    }
  }
}

/** What a live client may await of an honest server, as long as nobody changes what it says. */
interface Due {
  isAttached: boolean;
  /** Whether the kept session ends by it. */
  isEnd: boolean;
}

/**
 * What `PROTOCOL.md` says of a right commit with the right secret: a join is taken for its number; nothing was sent on
 * the carrier that the kept session has lost, so a receipt for anything of that ends it.
 */
function dueOf(commit: Commit): Due {
  const isEnd = readReceipts(commit.fields).some(({ number, taken }) => number === 0 && taken > 0);
  return { isAttached: !isEnd, isEnd };
}

/** A live client, with values of its own in its commit. Settles when it was accepted or turned away. */
async function live(
  choices: Choices,
  wire: Mangler,
  kept: Kept,
  { expect, trace }: { expect: (due: Due) => void; trace: Trace },
): Promise<boolean> {
  const joins = choices.chance(0.6);
  const handshake = await ClientHandshake.begin(wire, joins ? kept.session.id : undefined);
  const isRight = choices.chance(0.3);
  const kind = isRight ? (joins ? "join" : "new") : choices.pick(["new", "join"] as const);
  const commit = frames.commit(choices, kind);
  const isJoin = kind === "join";
  if (isRight && kind === (joins ? "join" : "new") && choices.chance(0.5)) {
    commit.fields.delete(FieldType.identity);
    trace(() => `commits rightly ${kind}, carrier ${commit.number}: ${Deno.inspect(commit.fields)}`);
    expect(dueOf(commit));
    await handshake.commit(commit, isJoin ? kept.secret : NOTHING);
    return true;
  }
  if (isJoin && choices.chance(0.1)) commit.number = 0;
  if (!isJoin && choices.chance(0.1)) commit.number = frames.joinNumber(choices);
  if (!isJoin && choices.chance(0.1)) commit.lane = "bulk";
  commit.fields = frames.strangeFields(choices, isJoin ? "commit of a join" : "commit of a new session", commit.number);
  if (choices.chance(0.5)) {
    commit.fields.delete(FieldType.identity);
    if (isJoin) commit.fields.delete(FieldType.receipts);
  }
  const secret = choices.pick([kept.secret, NOTHING, choices.bytes(32)]);
  trace(() => `commits ${kind}, carrier ${commit.number}: ${Deno.inspect(commit.fields)}`);
  await handshake.commit(commit, secret);
  return true;
}

function assertDue(due: Due | undefined, mangler: Mangler | undefined, got: Due): void {
  if (due === undefined || mangler!.isChanged) return;
  const isSame = due.isAttached === got.isAttached && due.isEnd === got.isEnd;
  check(isSame, () => `due was ${Deno.inspect(due)}, but it was ${Deno.inspect(got)}`);
}

/** A server's side of the handshake. */
export const serverHandshake: Target = {
  name: "server-handshake",
  about: "SessionServer.accept: noise, wrong order, and live clients that are mangled or say strange things",
  quickStreams: 600,
  run(choices, trace) {
    using stage = new Stage(choices);
    const sessions: Session[] = [];
    const server = silentServer(stage, sessions);
    const kept = keep(stage, server, sessions);
    const wire = new Wire(choices);
    const accepting = server.accept(wire.near);
    const isLive = choices.chance(0.5);
    const { takenBytes, lastNumber } = kept.session;
    let mangler: Mangler | undefined;
    let isAccepted = false;
    let due: Due | undefined;
    if (isLive) {
      mangler = new Mangler(wire.far, choices, choices.pick([0, 0.3, 0.6]), trace);
      const expect = (what: Due) => due = what;
      live(choices, mangler, kept, { expect, trace }).then((was) => isAccepted = was, () => wire.swallow());
    } else {
      const bytes = strangerWire(choices, kept.session.id);
      trace(() => hex(bytes));
      wire.send(bytes);
      if (choices.chance(0.7)) wire.swallow();
    }
    stage.pass(0);
    const wasAttached = sessions.length > 1 || kept.session.lastNumber !== lastNumber;
    check(!wasAttached || isLive && !mangler!.isHarmed, () => "a stranger was attached");
    check(!isAccepted || wasAttached, () => "a client was told that it is attached, and is not");
    const isUnharmed = kept.session.error === undefined && kept.session.takenBytes === takenBytes;
    check(isUnharmed || wasAttached, () => `a stranger harmed another's session: ${kept.session.error}`);
    if (kept.session.error !== undefined) expectTele(["protocol"], kept.session.error);
    assertDue(due, mangler, { isAttached: isAccepted, isEnd: kept.session.error !== undefined });
    const answerBytes = wire.near.writtenBytes;
    check(wasAttached || answerBytes <= MOST_ANSWER_BYTES, () => `a stranger was answered ${answerBytes} bytes`);
    wire.leave(choices, trace);
    check(stage.settles(accepting, HANDSHAKE_TIMEOUT_MS + 250), () => "the handshake does not end");
    check(wasAttached || wire.near.isClosed, () => "the stranger's connection stays open");
    check(server.sessionCount <= 2, () => `${server.sessionCount} sessions`);
    check(stage.settles(server.stop("the end"), 1000), () => "the server does not stop");
    stage.pass(1000);
    check(wire.near.isClosed, () => "a stopped server leaves a carrier open");
    stage.assertQuiet();
  },
};
