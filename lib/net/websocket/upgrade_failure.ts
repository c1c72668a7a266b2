/**
 * What web servers answer in place of a WebSocket, as sentences that say what to change.
 *
 * @module
 */
import { TeleError, type TeleErrorCode } from "../error.ts";

/** Longest address that is shown of where a server sends its client, in characters. */
const MOST_LOCATION = 200;

type Explanation = readonly [TeleErrorCode, string];

/** Behind these a portal may stand, or another page that goes away; somebody must mend the others. */
const STATUSES: Readonly<Record<number, Explanation>> = {
  400: ["refused", "takes this for no request: if it speaks TLS there, write wss:// in place of ws://"],
  401: ["refused", "wants a login, which tele does not give: leave this path out of what it guards, and use a token"],
  403: ["refused", "forbids it: allow this path to this client, and WebSockets on it"],
  404: ["refused", "has nothing there: give the path that it passes on to the tele server"],
  405: ["refused", "takes no WebSocket there: give the path that it passes on to the tele server"],
  407: ["refused", "is a proxy that wants a login: give it with --proxy"],
  426: ["refused", "wants another protocol or version: it must pass WebSockets (version 13) on to the tele server"],
  511: ["protocol", "wants its user to log in to the network first, in a browser"],
};

/** From here on it is the server's own trouble (RFC 9110, 15.6). */
const SERVER_ERRORS = 500;

/**
 * The error for a status other than 101.
 *
 * @param status `NaN` if there was none.
 * @param fields Of the answer, by name in lower case.
 * @param target The path that was asked for.
 *
 * @example
 * ```ts
 * import { explainStatus } from "./upgrade_failure.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const error = explainStatus(301, new Map([["location", "https://example.com/tele"]]), "/tele");
 * assertEquals(error.message, "the web server there sends its clients to wss://example.com/tele (301): give that");
 * ```
 */
export function explainStatus(status: number, fields: ReadonlyMap<string, string>, target: string): TeleError {
  const [code, sentence] = explain(status, fields.get("location"), target);
  return new TeleError(code, `the web server there ${sentence}`);
}

function explain(status: number, location: string | undefined, target: string): Explanation {
  if (Number.isNaN(status)) return ["protocol", "answers with no status: it is none of HTTP/1.1"];
  const known = STATUSES[status];
  if (known !== undefined) return [known[0], known[1].replace(/(:|$)/, ` (${status})$1`)];
  if (status >= 300 && status < 400 && location !== undefined) {
    const there = shown(location.replace(/^http/i, "ws"));
    return ["protocol", `sends its clients to ${there} (${status}): give that`];
  }
  if (status === 502 || status === 503 || status === 504) {
    return ["carrier-lost", `does not reach the tele server (${status}): start that, or mend the address it has of it`];
  }
  if (status === 429 || status >= SERVER_ERRORS) return ["carrier-lost", `has trouble of its own (${status})`];
  if (status >= 200 && status < 300) {
    return [
      "protocol",
      `answers with a page (${status}): it must pass ${
        shown(target.replace(/\?.*/, ""))
      } on to the tele server as a WebSocket, with the ` +
      "fields Upgrade and Connection",
    ];
  }
  return ["refused", `does not take a WebSocket (${status})`];
}

/** What others wrote, with nothing in it that a terminal would obey. */
function shown(text: string): string {
  return text.slice(0, MOST_LOCATION).replace(/[^!-~]/g, "?");
}
