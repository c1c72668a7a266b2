/**
 * What to change when a step has failed. Most sentences of tele say that themselves; those of the network cannot.
 *
 * @module
 */

import { reasonOf, TeleError } from "../../net/error.ts";
import type { Step } from "./step.ts";

/** What helps where the words of a failure are these, in the steps that it names. */
const BY_WORDS: readonly (readonly [words: RegExp, advice: string])[] = [
  [/no name server answers/, "is this machine's network up, and does its DNS work?"],
  [/name cannot be resolved/, "correct the name, or this machine's DNS"],
  [/connection refused/, "nobody listens there: start the tele server with --out on that port, or correct the port"],
  [
    /nobody answers|timed out|no answer/,
    "is the host on, is the address right, and does a firewall in front of it let this port through?",
  ],
  [/no route to host|network unreachable|the network is down/, "check this machine's network, or the address"],
];

/** What helps where a step has failed and nothing better is known. */
const BY_STEP: Partial<Record<Step, string>> = {
  handshake: "is that port the --out of a tele server?",
  seal: "is that port the --out of a tele server, and has it a token?",
  token: "something in between lets a connection begin, and then keeps what is sent",
  "round trip": "something in between lets a connection begin, and then keeps what is sent",
  loss: "let a balancer lead all connections of one client to the same tele server, as HAProxy's balance source does",
};

/**
 * What to change; `undefined` where the error's own sentence says it.
 *
 * @example
 * ```ts
 * import { adviceFor } from "./advice.ts";
 * import { assertStringIncludes } from "@std/assert";
 *
 * assertStringIncludes(adviceFor("connection", new Error("connection refused")) ?? "", "start the tele server");
 * ```
 */
export function adviceFor(step: Step, error: unknown): string | undefined {
  // Its user has ended it.
  if (error instanceof TeleError && error.code === "closed") return undefined;
  // A proxy's sentence is about the proxy.
  const advice = step === "proxy" ? undefined : BY_WORDS.find(([words]) => words.test(reasonOf(error)))?.[1];
  const says = error instanceof TeleError && error.code !== "carrier-lost";
  return advice ?? (says && step !== "loss" ? undefined : BY_STEP[step]);
}
