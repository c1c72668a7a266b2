/**
 * Faults of servers that pass carriers on to each other. The simulator has one server: unit tests are to catch them.
 *
 * @module
 */
import { fault, type Mutation, tested } from "./mutation.ts";

function world(name: string, file: string, from: string, to: string): Mutation {
  return { ...fault(`fleet: ${name}`, file, from, to), test: "tests/unit/session/fleet/fleet_test.ts" };
}

function workers(name: string, file: string, from: string, to: string): Mutation {
  return { ...fault(`fleet: ${name}`, file, from, to), test: "tests/unit/session/fleet/fleet_workers_test.ts" };
}

function word(name: string, file: string, from: string, to: string): Mutation {
  return tested(`fleet: ${name}`, file, from, to);
}

function dealer(name: string, from: string, to: string): Mutation {
  return word(`the dealer: ${name}`, "session/fleet/dealer.ts", from, to);
}

/** All of them. */
export const FLEET: readonly Mutation[] = [
  dealer(
    "a new session is not counted before it has begun",
    'this.#newcomers.came(peer);\n    return "here";',
    'return "here";',
  ),
  {
    ...fault(
      "fleet: the dealer: an attempt that lost its race is counted for 10 s",
      "session/session_server.ts",
      ".finally(() => this.#options.fleet?.decided(duplex.peer))",
      "",
    ),
    test: "tests/unit/session/fleet/fleet_dealing_test.ts",
  },
  word(
    "the dealer: who leaves in the middle of TLS is counted for 10 s",
    "tunnel/roles/outer_listener.ts",
    "node?.fleet.decided(peer);",
    "",
  ),
  dealer(
    "sessions are offered by several at once",
    "this.#turn = dealt.catch(() => {});",
    "dealt.catch(() => {});",
  ),
  dealer(
    "who drains keeps what comes",
    "const count = this.#count ?? DRAINS;",
    "const count = this.#count ?? 0;",
  ),
  dealer(
    "who does not answer is asked for each",
    "const isAsked = (name: string) => !this.#leaving.has(name) &&",
    "const isAsked = (name: string) => !this.#leaving.has(name) ||",
  ),
  dealer(
    "workers that are over are remembered for ever",
    "if (!there.has(name)) this.#forget(name);",
    "if (!there.has(name)) void name;",
  ),
  dealer(
    "more than two workers asked for one session",
    "if (count === 0 || asked >= MOST_ASKED_FOR_ONE && count < NO_ROOM) return false;",
    "if (count === 0) return false;",
  ),
  dealer(
    "whoever has fewer is given sessions",
    "countThere <= Math.min(WORTH_A_SPLICE * offer, NO_ROOM)",
    "countThere <= Math.min(offer, NO_ROOM)",
  ),
  dealer(
    "one that has no room takes no session of one that drains",
    "countThere <= Math.min(WORTH_A_SPLICE * offer, NO_ROOM)",
    "countThere <= WORTH_A_SPLICE * offer",
  ),
  dealer(
    "who has no room keeps what others have room for",
    "return count < this.#options.limit() ? count : Math.max(count, NO_ROOM);",
    "return count;",
  ),
  dealer(
    "a crowd waits to be dealt",
    "if (this.#waiting >= MOST_WAITING) return this.#keep(carrier);",
    "",
  ),
  dealer(
    "who was sent away while it waited is offered",
    "!isGone() && (await",
    "(await",
  ),
  world(
    "what was passed on passed on again",
    "session/fleet/fleet.ts",
    "if (carrier === undefined || carrier.isPassed) return",
    "if (carrier === undefined) return",
  ),
  world(
    "an owner that cannot be reached taken for one that has lost the session",
    "session/fleet/owner_asker.ts",
    'this.#log(isNews ? "warn" : "debug", words);\n      return { answer: "away" };',
    'this.#log(isNews ? "warn" : "debug", words);\n      return { answer: "gone" };',
  ),
  world(
    "a ticket that nobody can open taken for one of a session that is gone",
    "session/fleet/fleet.ts",
    'tellUnreadable(this.#lines, carrier?.peer);\n      return "unreachable";',
    'tellUnreadable(this.#lines, carrier?.peer);\n      return "gone";',
  ),
  world(
    "an owner that answers for another node",
    "session/fleet/fleet.ts",
    "if (this.#isHere(opened)) return { opened, question };",
    "return { opened, question };",
  ),
  world(
    "an owner that calls a session of the process before it its own",
    "session/fleet/fleet.ts",
    'if (!this.#isOwn(instance)) return "gone";',
    'if (!this.#isOwn(instance)) return "here";',
  ),
  workers(
    "another worker of a server taken for one that is over",
    "session/fleet/fleet.ts",
    "if (dialWorker === undefined || this.#isOwn(instance)) return undefined;",
    "if (dialWorker !== undefined || this.#isOwn(instance)) return undefined;",
  ),
  workers(
    "a worker that is asked by another one asks a third",
    "session/fleet/fleet.ts",
    'if (!this.#isOwn(opened.instance)) throw new TeleError("protocol", "it asks for another worker");',
    "if (!this.#isOwn(opened.instance)) return await this.welcome(link);",
  ),
  workers(
    "a worker that is away taken for its server",
    "session/fleet/fleet.ts",
    "await question.answer(reply.answer);",
    'if (reply.answer === "away") throw new Error("no answer");\n      await question.answer(reply.answer);',
  ),
  workers(
    "the ticket of a former parent's key taken for an outage",
    "session/fleet/fleet.ts",
    'if (this.#options.node === undefined) return "gone";',
    "",
  ),
  word(
    "a worker that is over waited for",
    "session/fleet/owner_place.ts",
    'if (link === undefined) return { answer: "gone" };',
    'if (link === undefined) return { answer: "away" };',
  ),
  word(
    "a worker whose file is missing taken for one that is over",
    "tunnel/roles/fleet_node.ts",
    "if (await isBound(place.path)) throw error;",
    "if (place.path === undefined) throw error;",
  ),
  word(
    "the port open before others can ask for what comes there",
    "tunnel/roles/outer_listener.ts",
    "await node?.listen(",
    "void node?.listen(",
  ),
  word(
    "an old worker out of reach behind the death of its parent",
    "tunnel/workers/orphan.ts",
    'listenAgain("the parent has ended");',
    "",
  ),
  word(
    "an old worker out of reach when all drain",
    "tunnel/workers/worker_pool.ts",
    'signal === "SIGQUIT" ?',
    'signal === "SIGHUP" ?',
  ),
  word(
    "a ticket that holds for ever",
    "session/handshake/ticket.ts",
    "return opened.untilMs > wallNowMs ? opened : undefined;",
    "return opened;",
  ),
  word(
    "anybody can say that a session is gone",
    "session/handshake/preface.ts",
    "if (!isProven || said === undefined) {",
    "if (said === undefined) {",
  ),
  word(
    "a preface played to another connection",
    "session/handshake/preface.ts",
    '"fleet preface", [greeting, body], proof)) return key;',
    '"fleet preface", [body], proof)) return key;',
  ),
  word(
    "a key that opens no more as soon as it is taken away",
    "session/fleet/fleet_keys.ts",
    "return [...this.#present.values(), ...[...this.#former.values()].map(({ key }) => key)];",
    "return [...this.#present.values()];",
  ),
  word(
    "one address takes all turns",
    "session/fleet/ask_turns.ts",
    "(this.#asking.get(host) ?? 0) < mostOfAHost",
    "mostOfAHost > 0",
  ),
  word(
    "an owner that is silent holds its turns for two seconds",
    "session/fleet/ask_turns.ts",
    "}, SLOW_MS);",
    "}, 20 * SLOW_MS);",
  ),
  word(
    "an owner that is silent is asked by ever more",
    "session/fleet/ask_turns.ts",
    " && !this.#slow.has(node)",
    "",
  ),
  word(
    "a node that is away asked by everybody",
    "session/fleet/owner_memory.ts",
    "if (this.#clock.now() < failure.untilMs) return false;",
    "if (this.#clock.now() < -failure.untilMs) return false;",
  ),
  word(
    "a sealed carrier passed on behind the TLS that its client has proven",
    "session/fleet/foreign_session.ts",
    "endsHere(hello) ? undefined : handshake.unread()",
    "handshake.unread()",
  ),
  word(
    "a session with something to lose given up for an owner that is away",
    "session/fleet/owner_absence.ts",
    "return isFresh && this.#isTold && this.#session().losesNoUser;",
    "return isFresh && this.#isTold;",
  ),
  word(
    "an absence that ends with the outage called one in the next",
    "session/fleet/owner_absence.ts",
    "this.#toldAt >= (this.#session().detachedAt ?? Infinity);",
    "this.#toldAt >= 0;",
  ),
  word(
    "users who come left with an owner that is away",
    "mux/client_sessions.ts",
    "if (ownerAbsence.isLong) return this.#lookElsewhere();",
    "if (ownerAbsence.isLong) return;",
  ),
  word(
    "a ticket told with each write",
    "session/fleet/due_ticket.ts",
    "this.#ticket = undefined;\n",
    "",
  ),
  {
    ...word(
      "sessions not told when another key seals",
      "session/fleet/fleet.ts",
      "session.tellTicket(await this.ticketFor(session.id));",
      "await this.ticketFor(session.id);",
    ),
    test: "tests/unit/session/fleet/due_ticket_test.ts",
  },
  {
    ...word(
      "the ticket of one session presented for another",
      "mux/link.ts",
      "tickets === undefined ? options.tickets : tickets.ofNext();",
      "options.tickets;",
    ),
    test: "tests/unit/session/fleet/owner_absence_test.ts",
  },
  {
    ...word(
      "what a killed client left kept by a server that drains",
      "session/session_registry.ts",
      "    if (this.#willReplace(newcomer)) return;\n    if (this.#isDraining)",
      "    if (this.#isDraining)",
    ),
    test: "tests/unit/session/fleet/fleet_drain_test.ts",
  },
  {
    ...word(
      "a client led again and again to a server that takes nothing new",
      "session/reconnect/redial.ts",
      "options.tickets?.forget();",
      "{}",
    ),
    test: "tests/unit/session/fleet/fleet_drain_test.ts",
  },
  word(
    "a hello of TLS without an end read without an end",
    "net/client_hello.ts",
    'bytes.length < MOST_CLIENT_HELLO_BYTES ? "more" : "none";',
    'bytes.length < 2 * MOST_CLIENT_HELLO_BYTES ? "more" : "none";',
  ),
  word(
    "a carrier that is passed on kept for a client that does not end its side",
    "tunnel/roles/splices.ts",
    "    this.#ending.enter(splice);\n",
    "",
  ),
  word(
    "a carrier that is passed on kept for a client that takes nothing",
    "tunnel/roles/splices.ts",
    "if (splice.isStuck) splice.close();",
    ";",
  ),
  word(
    "a hello of TLS looked at from its first byte on for each that comes",
    "net/client_hello.ts",
    "const offered = offeredSoFar(records, first);",
    "const offered = offeredProtocols(first);",
  ),
  word(
    "an owner taken for one that is away by a process that was busy",
    "session/fleet/owner_place.ts",
    "const PIECES = 16;",
    "const PIECES = 1;",
  ),
  world(
    "an owner that does not answer for one ticket taken for one that is away",
    "session/fleet/owner_asker.ts",
    "if (reply === undefined) return this.#tellUnanswered(name);",
    'if (reply === undefined) throw new Error("no answer");',
  ),
  word(
    "a connection to an owner kept that came too late",
    "session/fleet/owner_place.ts",
    "dialing?.then((link) => link?.close(), () => {});",
    "dialing?.catch(() => {});",
  ),
  word(
    "what callbacks write of a carrier that is passed on seen by nobody",
    "tunnel/roles/splices.ts",
    "this.#moved(this.#outwards, true);\n        return inner.writeNow!(bytes);",
    "return inner.writeNow!(bytes);",
  ),
  word(
    "a promise for each chunk of a carrier that is passed on",
    "tunnel/roles/splices.ts",
    "if (inner.readWith !== undefined) {",
    "if (inner.readWith === undefined) {",
  ),
  word(
    "of a carrier that is passed on more read while a write waits",
    "tunnel/rfd80/relay.ts",
    "if (waiting !== undefined) return void waiting.then(() => moved(count)).then(readOn).catch(onFailed);",
    "waiting?.catch(onFailed);",
  ),
  word(
    "a deeper call for each chunk that is there at once",
    "tunnel/rfd80/relay.ts",
    "if (isCalling) cameAtOnce = true;\n      else readOn();",
    "readOn();",
  ),
  word(
    "a carrier that is passed on kept for a client that takes nothing, looked for in vain",
    "tunnel/roles/splices.ts",
    "this.#clock.now() - sinceMs >= STUCK_MS;",
    "this.#clock.now() - sinceMs >= 1000 * STUCK_MS;",
  ),
  word(
    "an owner asked for a carrier that was sent away meanwhile",
    "session/fleet/ask_turns.ts",
    "const isGone = next.isGone();",
    "const isGone = false;",
  ),
  word(
    "carriers that were sent away waiting for their turn",
    "session/fleet/ask_turns.ts",
    "if (!oldest.isGone()) break;",
    "break;",
  ),
  word(
    "a carrier that the door sent away asked for",
    "net/front_door.ts",
    "const isGone = () => this.#room.reasonFor(transport) !== undefined;",
    "const isGone = () => false;",
  ),
  world(
    "a session of another server with the same node taken for one that is gone",
    "session/fleet/fleet.ts",
    'return this.#isTwins(opened) ? "unreachable" : "gone";',
    'return "gone";',
  ),
  world(
    "a session of another server with the same node said to be gone",
    "session/fleet/fleet.ts",
    "if (this.#isTwins(opened)) throw",
    "if (this.#isTwins(opened) && false) throw",
  ),
  word(
    "a process before this one taken for another server with the same node",
    "session/fleet/twins.ts",
    "const startedAt = this.#clock.wallNow() - (this.#clock.now() - this.#startedMs);",
    "const startedAt = this.#startedMs;",
  ),
  word(
    "a worker that hangs asked anew with each look",
    "tunnel/workers/workers_status.ts",
    "if (asked !== undefined) return asked;",
    "if (asked === undefined) return this.#ask(address);",
  ),
  word(
    "a worker that hangs left out of the status",
    "tunnel/workers/merge_reports.ts",
    'name, role, state: "silent" }));',
    'name, role, state: "silent" })).slice(1);',
  ),
  world(
    "an owner that was away is not told of a newer session",
    "session/fleet/foreign_session.ts",
    'if (hello.kind === "new") return { ...local, formerTicket: ticket };',
    'if (hello.kind === "new") return local;',
  ),
  word(
    "an owner that is still away is told no more",
    "session/fleet/left_sessions.ts",
    'return reply.answer !== "away";',
    "return true;",
  ),
  word(
    "a full worker asks two others for room",
    "session/fleet/dealer.ts",
    "asked >= MOST_ASKED_FOR_ONE && count < NO_ROOM",
    "asked >= MOST_ASKED_FOR_ONE",
  ),
  word(
    "users are told of the first server without room, though there are others",
    "session/reconnect/refusals.ts",
    "return !hasOthers || (",
    "return hasOthers || (",
  ),
  word(
    "a machine that is lost asked by more and more connections",
    "session/fleet/owner_place.ts",
    "if (isConnected) void ask();",
    "void ask();",
  ),
  world(
    "a carrier that the server sent away asked for",
    "session/session_server.ts",
    "isGone: () => this.#strangers.reasonFor(handshake.channel.duplex) !== undefined }",
    "isGone: () => false }",
  ),
];
