/**
 * Which requests the status address answers.
 *
 * @module
 */
import { timingSafeEqual } from "node:crypto";
import type { HttpHead } from "../../net/http_head.ts";
import { isIPv4, isIPv6 } from "../../net/ip_address.ts";
import type { Answer } from "./answer.ts";

/** Who may ask. */
export interface RequestRules {
  /** The host that `--status` names; `undefined` without one, and for a unix socket. */
  readonly host: string | undefined;
  /** Whether a page in a browser could come: not to a unix socket. */
  readonly isReachedByBrowsers: boolean;
  /** What a request must show; `undefined` for nothing. */
  readonly token: string | undefined;
}

/** What a request comes to. */
export type Judgement =
  | { readonly kind: "asked"; readonly path: string; readonly hasBody: boolean }
  | { readonly kind: "refused"; readonly answer: Answer };

/**
 * Judges a request by its head: its method, from where it comes, and its token.
 *
 * A page of any site can make a browser ask here, and with a name of its own that leads to this address (DNS rebinding)
 * it could read the answer: so the host must be one that no site can have, or the request must show a token. A request
 * that tells its origin comes from a page, which must be one of this address.
 *
 * Source: RFC 9112, 3.2 and 3.2.2; RFC 9110, 11.6.2; RFC 6454, 7.
 *
 * @example
 * ```ts
 * import { judge } from "./request_rules.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const rules = { host: undefined, isReachedByBrowsers: true, token: undefined };
 * const asked = (host: string) => judge({ startLine: "GET /metrics HTTP/1.1", fields: new Map([["host", host]]) }, rules);
 * assertEquals(asked("localhost:40380"), { kind: "asked", path: "/metrics", hasBody: true });
 * assertEquals(asked("rebound.example:40380").kind, "refused");
 * ```
 */
export function judge({ startLine, fields }: HttpHead, rules: RequestRules): Judgement {
  const [, method = "", target = "", version = ""] = /^([A-Za-z]+) ([!-~]+) HTTP\/(\d\.\d)$/.exec(startLine) ?? [];
  if (version === "") return refused(400, "the first line is no request");
  if (!version.startsWith("1.")) return refused(505, "this address speaks HTTP/1.1");
  // A target with a scheme says by itself which host it is for (RFC 9112, 3.2.2).
  const [, authority, place = target] = /^https?:\/\/([^/?]*)(.*)$/i.exec(target) ?? [];
  const host = authority ?? fields.get("host");
  if (fields.get("host") === undefined && version !== "1.0") return refused(400, "the request has no Host");
  if (!isAuthorized(fields.get("authorization"), rules.token)) {
    return refused(401, "the token of --status-token-file is needed: Authorization: Bearer TOKEN", [
      'WWW-Authenticate: Basic realm="tele", charset="UTF-8"',
    ]);
  }
  if (host !== undefined && !isHostOfOurs(host, rules)) {
    return refused(421, "the Host of the request is not this address: ask by the IP address or as localhost");
  }
  const origin = fields.get("origin");
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    return refused(403, "a page of another origin may not ask here");
  }
  if (method !== "GET" && method !== "HEAD") return refused(405, "only GET is answered here", ["Allow: GET, HEAD"]);
  return { kind: "asked", path: place.replace(/\?.*$/s, "") || "/", hasBody: method === "GET" };
}

function refused(status: Answer["status"], text: string, fields: readonly string[] = []): Judgement {
  return { kind: "refused", answer: { status, type: "text/plain; charset=utf-8", body: `${text}\n`, fields } };
}

/** Nobody's name can lead to a page that says it is an IP address. */
function isHostOfOurs(field: string, { host, isReachedByBrowsers, token }: RequestRules): boolean {
  if (!isReachedByBrowsers || token !== undefined) return true;
  const [, bracketed, plain = ""] = /^(?:\[([^\]]+)\]|([^:]*))(?::\d+)?$/.exec(field) ?? [];
  if (bracketed !== undefined) return isIPv6(bracketed);
  const name = plain.toLowerCase();
  return name === "localhost" || isIPv4(name) || (host !== undefined && name === host.toLowerCase());
}

/** `Bearer TOKEN`; or, since browsers ask their user for that, `Basic` with the token as the password. */
function isAuthorized(field: string | undefined, token: string | undefined): boolean {
  if (token === undefined) return true;
  const [, scheme = "", credentials = ""] = /^(\w+) +([\w.~+/=-]+)$/.exec(field ?? "") ?? [];
  if (scheme.toLowerCase() === "bearer") return isSame(credentials, token);
  return scheme.toLowerCase() === "basic" && isSame(passwordOf(credentials), token);
}

function passwordOf(credentials: string): string {
  try {
    return atob(credentials).replace(/^[^:]*:/, "");
  } catch {
    return "";
  }
}

/** How long it takes tells nothing but the length. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => new TextEncoder().encode(text));
  return a!.length === b!.length && timingSafeEqual(a!, b!);
}
