/**
 * The steps of an examination.
 *
 * @module
 */

import { isIP } from "node:net";
import { addressOf } from "../../net/way.ts";
import type { Encryption } from "../../session/handshake/seal.ts";
import { isSealed } from "../command_line/client_paths.ts";
import type { ClientPath } from "../command_line/role_options.ts";
import type { DialStage } from "../roles/outer_dialer.ts";

/** A step; those of dialing are called like its stages. */
export type Step = "name" | DialStage | "handshake" | "token" | "round trip" | "loss" | "idle";

/**
 * The host whose name this machine resolves: the proxy's, else the server's. `undefined` if none is, or if a file names
 * the proxy.
 */
export function resolvedHost({ out, proxy }: ClientPath): string | undefined {
  if (proxy?.kind === "file") return undefined;
  const address = proxy === undefined ? addressOf(out) : { ...proxy.proxy, kind: "tcp" as const };
  if (address?.kind !== "tcp" || address.host === undefined) return undefined;
  return isIP(address.host.replace(/%.*$/, "")) === 0 ? address.host : undefined;
}

/**
 * The steps of a path, in order.
 *
 * @example
 * ```ts
 * import { stepsOf } from "./step.ts";
 * import { parseWay } from "../../net/way.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const path = { out: parseWay("192.0.2.1:40300"), from: undefined, proxy: undefined, tls: undefined };
 * assertEquals(stepsOf(path, undefined), ["connection", "handshake", "token", "round trip", "loss", "idle"]);
 * ```
 */
export function stepsOf(path: ClientPath, encryption: Encryption | undefined): Step[] {
  const { out, proxy, tls } = path;
  return [
    ...resolvedHost(path) === undefined ? [] : ["name" as const],
    ...proxy === undefined ? [] : ["proxy" as const],
    out.kind === "command" ? "command" : "connection",
    ...tls === undefined ? [] : ["tls" as const],
    ...out.kind === "websocket" ? ["websocket" as const] : [],
    ...isSealed(path, encryption) ? ["seal" as const] : [],
    "handshake",
    "token",
    "round trip",
    "loss",
    "idle",
  ];
}
