/**
 * Names of services: which user's server a stream is for. Source: `PROTOCOL.md`, "Services".
 *
 * @module
 */
import { TeleError } from "../../net/error.ts";
import { MAX_SERVICE_NAME_BYTES } from "../session_constants.ts";

/** ASCII, so that a name is as many bytes as letters; small letters, so that two names never look alike. */
const NAME = /^[a-z0-9._-]+$/;

/** What a name may be, for the end of a sentence. */
export const SERVICE_NAME_RULE = `1 to ${MAX_SERVICE_NAME_BYTES} letters a-z, digits, and . _ -`;

/**
 * Whether a service can have this name: 1 to {@linkcode MAX_SERVICE_NAME_BYTES} small letters and digits of ASCII, `.`,
 * `_` and `-`.
 *
 * @example
 * ```ts
 * import { isServiceName } from "./service_name.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["db", "web-1.example", "", "Db", "two words"].map(isServiceName), [true, true, false, false, false]);
 * ```
 */
export function isServiceName(text: string): boolean {
  return text.length <= MAX_SERVICE_NAME_BYTES && NAME.test(text);
}

/**
 * Checks a name.
 *
 * @param what How the sentence calls it, for example `"Db"`.
 * @throws {TeleError} `bad-input` with a sentence that tells what a name may be.
 */
export function checkServiceName(name: string, what: string): void {
  if (!isServiceName(name)) {
    throw new TeleError("bad-input", `${what} is not the name of a service: that is ${SERVICE_NAME_RULE}`);
  }
}
