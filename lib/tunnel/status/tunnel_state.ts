/**
 * What a tunnel does, in a word, and what that means to whoever asks for its health.
 *
 * @module
 */
import type { TunnelReport, TunnelState } from "./report.ts";

/** What is known of a tunnel. */
export interface TunnelFacts {
  /** Whether users could be carried: a client has a carrier; a server always can, and so can RFD 80 mode. */
  readonly isUp: boolean;
  /** Whether it takes nothing new. */
  readonly isDraining: boolean;
}

/** The state of a tunnel. One that drains and has lost its link waits: somebody has to know. */
export function stateOf({ isUp, isDraining }: TunnelFacts): TunnelState {
  if (!isUp) return "waiting";
  return isDraining ? "draining" : "serving";
}

const WORST_FIRST: readonly TunnelState[] = ["waiting", "silent", "draining", "serving"];

/** The worst of several states; `serving` for none. */
export function worstOf(states: readonly TunnelState[]): TunnelState {
  return WORST_FIRST.find((state) => states.includes(state)) ?? "serving";
}

/** What a balancer asks for: whether the process works, or whether it is to be given anything new as well. */
export type HealthQuestion = "healthy" | "ready";

/**
 * Why the answer is no, in a sentence; `undefined` if it is yes.
 *
 * @example
 * ```ts
 * import { healthProblem } from "./tunnel_state.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const office = { name: "office", role: "client", state: "waiting" } as const;
 * assertEquals(healthProblem([office], "healthy"), "tunnel office has no connection to its tele server");
 * ```
 */
export function healthProblem(tunnels: readonly TunnelReport[], question: HealthQuestion): string | undefined {
  const problems = tunnels.flatMap(({ name, state }) => {
    const who = name === null ? "this tele client" : `tunnel ${name}`;
    if (state === "waiting") return [`${who} has no connection to its tele server`];
    if (state !== "draining" || question === "healthy") return [];
    return [`${name === null ? "this tele process" : `tunnel ${name}`} drains, and takes nothing new`];
  });
  return problems.length === 0 ? undefined : problems.join("; ");
}
