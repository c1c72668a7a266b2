/**
 * Services that tests write units for.
 *
 * @module
 */
import type { Service } from "../../lib/tunnel/service/service.ts";

/** A service of a user; `changes` makes another one of it. */
export function exampleService(changes: Partial<Service> = {}): Service {
  return {
    name: "tele",
    words: ["/opt/tele", "--config=/etc/tele.toml"],
    account: undefined,
    reads: ["/opt/tele", "/etc/tele.toml"],
    writes: [],
    startsCommands: false,
    cacheHome: undefined,
    ...changes,
  };
}
