/**
 * What a client meets where its server should be: noise, messages out of order, and servers that are mangled.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { ServerHandshake } from "../../lib/session/handshake/server_handshake.ts";
import { encodeChallenge } from "../../lib/session/handshake/messages.ts";
import { framed } from "../../lib/ping/codec.ts";
import type { Session } from "../../lib/session/session.ts";
import type { Choices } from "./choices.ts";
import * as frames from "./frames.ts";
import { mangled } from "./mangle.ts";
import { silentClient, silentServer, Stage } from "./roles.ts";
import { check, hex, type Target, type Trace } from "./target.ts";
import { Mangler, Wire } from "./wire.ts";

/** The client has its server back within so long after the last impostor, in milliseconds. */
const HEALED_WITHIN_MS = 45_000;

/** What an impostor sends without listening. */
function impostorWire(choices: Choices): Uint8Array {
  const right = framed(encodeChallenge(frames.challenge(choices)));
  switch (choices.between(0, 3)) {
    case 0:
      return choices.bytes(choices.upTo(5000));
    case 1:
      return mangled(choices, right);
    case 2:
      return concat(Array.from({ length: choices.between(0, 5) }, () => {
        return framed(frames.handshakePayload(choices));
      }));
    default:
      return concat([right, mangled(choices, framed(frames.handshakePayload(choices)))]);
  }
}

/** A live server that does not know the client's session, or says so, and answers with values of its own. */
async function live(choices: Choices, wire: Mangler, trace: Trace): Promise<void> {
  const handshake = new ServerHandshake(wire);
  await handshake.hello();
  await handshake.challenge(choices.pick(["ready", "unknown", "unreachable"]));
  const secret = choices.pick([new Uint8Array(0), choices.bytes(32)]);
  const { commit } = await handshake.commit(() => secret);
  const accept = frames.accept(choices, choices.chance(0.8) ? commit.number : undefined);
  trace(() => `accepts carrier ${accept.number}`);
  await handshake.channel.send(await handshake.accept(accept));
}

/** The client's side of the handshake. */
export const clientHandshake: Target = {
  name: "client-handshake",
  about: "SessionClient dialing noise, wrong order and mangled servers, at first and in an outage; then its server",
  quickStreams: 400,
  run(choices, trace) {
    using stage = new Stage(choices);
    const [mine, theirs]: Session[][] = [[], []];
    const server = silentServer(stage, theirs, stage.clock);
    let impostors = choices.between(1, 4);
    const wires: Wire[] = [];
    const manglers: Mangler[] = [];
    let isFirst = choices.chance(0.5);
    const dial = () => {
      const wire = new Wire(choices);
      wires.push(wire);
      if (isFirst || impostors-- <= 0) {
        isFirst = false;
        server.accept(wire.far);
      } else {
        play(wire);
      }
      return Promise.resolve(wire.near);
    };
    const play = (wire: Wire) => {
      if (choices.chance(0.5)) {
        const mangler = new Mangler(wire.far, choices, choices.pick([0, 0.3, 0.6]), trace);
        manglers.push(mangler);
        const leave = () => wire.leaveLater(choices, trace);
        live(choices, mangler, trace).then(() => wire.far.close(), leave);
        return;
      }
      const bytes = impostorWire(choices);
      trace(() => hex(bytes));
      wire.far.write(bytes).catch(() => {});
      wire.swallow();
      wire.leaveLater(choices, trace);
    };
    const client = silentClient(stage, mine, dial);
    stage.pass(10);
    const before = client.isAttached ? mine.at(-1) : undefined;
    if (before !== undefined) wires.at(-1)!.pipe.cut();
    for (let waited = 0; waited < HEALED_WITHIN_MS; waited += 500) {
      stage.pass(500);
      // Only who completed a handshake, and so said "unknown session" himself, or took another one, can end a session
      // (invariant 9). Anyone may say that its owner is away; being empty, it is over when the next one is accepted.
      const isProven = client.isAttached || manglers.some((mangler) => !mangler.isHarmed);
      check(
        before === undefined || before.error === undefined || isProven,
        () => `lost to a stranger: ${before!.error}`,
      );
      const open = wires.filter((wire) => !wire.near.isClosed).length;
      check(open <= 5, () => `${open} connections are open at once`);
      if (impostors < 0 && client.isAttached) break;
    }
    check(client.isAttached, () => `no session after ${HEALED_WITHIN_MS} ms: ${stage.lines.join("; ")}`);
    check(stage.settles(client.stop("the end"), 1000), () => "the client does not stop");
    stage.pass(1000);
    const open = wires.filter((wire) => !wire.near.isClosed).length;
    check(open === 0, () => `a stopped client leaves ${open} connections open`);
    stage.assertQuiet();
  },
};
