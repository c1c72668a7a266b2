/**
 * What servers of a fleet read of each other and of ALPN before anything is proven.
 *
 * @module
 */
import { ByteWriter } from "../../lib/net/bytes.ts";
import { decodeGreeting, decodePreface } from "../../lib/session/handshake/preface.ts";
import { isTicketLength, ticketIn, ticketProtocol } from "../../lib/session/handshake/ticket.ts";
import { MAX_TICKET_BYTES } from "../../lib/session/session_constants.ts";
import type { Choices } from "./choices.ts";
import { mangled } from "./mangle.ts";
import { check, hex, type Target, teleErrorOf, type Trace } from "./target.ts";

/** A preface whose proof is noise. */
function anyPreface(choices: Choices): Uint8Array {
  const layer = choices.between(0, 2);
  const writer = new ByteWriter().u8(layer).bytes(choices.bytes(32));
  for (let texts = 0; texts < 3; texts++) {
    const text = choices.bytes(choices.upTo(255));
    writer.u8(text.length).bytes(text);
  }
  const ticket = choices.bytes(choices.between(61, MAX_TICKET_BYTES));
  writer.u16(choices.next32() & 0xffff).u8(ticket.length).bytes(ticket);
  // The newer session: a key and two slots, and the name of a token.
  if (layer === 2) writer.bytes(choices.bytes(36)).u8(5).bytes(new TextEncoder().encode("alice"));
  return writer.bytes(choices.bytes(32)).done();
}

function runPreface(choices: Choices, isRight: boolean, trace: Trace): void {
  const right = anyPreface(choices);
  const bytes = isRight ? right : choices.chance(0.2) ? choices.bytes(choices.upTo(300)) : mangled(choices, right);
  trace(() => hex(bytes));
  let length = 0;
  const error = teleErrorOf(["protocol"], () => length = decodePreface(bytes).ticket.length);
  check(!isRight || error === undefined, () => `a right preface is refused: ${error}`);
  check(error !== undefined || isTicketLength(length), () => `a ticket of ${length} bytes`);
  teleErrorOf(["protocol"], () => decodeGreeting(bytes));
}

/** Prefaces, greetings, and names of ALPN. */
export const fleetWords: Target = {
  name: "fleet-words",
  about: "prefaces, greetings and names of ALPN, mangled ones and noise",
  quickStreams: 2000,
  run(choices, trace) {
    if (choices.chance(0.7)) return runPreface(choices, choices.chance(0.4), trace);
    const ticket = choices.bytes(choices.between(61, MAX_TICKET_BYTES));
    const name = ticketProtocol(ticket);
    const found = ticketIn(["tele/2", name]);
    check(found !== undefined && hex(found) === hex(ticket), () => `${name} is not what it was made of`);
    const wrong = mangled(choices, new TextEncoder().encode(name));
    trace(() => hex(wrong));
    const read = ticketIn([String.fromCharCode(...wrong)]);
    check(read === undefined || isTicketLength(read.length), () => `a ticket of ${read?.length} bytes`);
  },
};
