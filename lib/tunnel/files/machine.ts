/**
 * What tells this machine from one that its files were copied to.
 *
 * @module
 */

/** Where Linux keeps a number that was made when the system was installed: machine-id(5), and its place before systemd. */
const MACHINE_ID_FILES = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/** What {@linkcode machineName} asks. */
export interface MachineFacts {
  /** The text of a file; throws if there is none. */
  readFile(path: string): string;
  /** The machine's host name; throws if it may not be told. */
  hostName(): string;
}

const FACTS: MachineFacts = {
  readFile: Deno.readTextFileSync,
  hostName() {
    // Asked first: a user at a terminal must not be asked in turn.
    const { state } = Deno.permissions.querySync({ name: "sys", kind: "hostname" });
    return state === "granted" ? Deno.hostname() : "";
  },
};

/**
 * A name for this machine that stays when it starts anew (so not the boot id), and that a copy of its disk is likely not to
 * have: its machine id, where there is one, and its host name. Empty where neither is known.
 *
 * The id alone will not do: copied virtual machines and containers of one image often share it. The host name alone would
 * not either: many are called `localhost`.
 *
 * @example
 * ```ts
 * import { machineName } from "./machine.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(machineName(), machineName());
 * ```
 */
export function machineName(facts: MachineFacts = FACTS): string {
  const id = MACHINE_ID_FILES.map((path) => orEmpty(() => facts.readFile(path).trim())).find((text) => text !== "");
  const host = orEmpty(() => facts.hostName());
  return id === undefined && host === "" ? "" : `${id ?? ""} ${host}`;
}

function orEmpty(tell: () => string): string {
  try {
    return tell();
  } catch {
    return "";
  }
}
