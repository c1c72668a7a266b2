/**
 * The name of this machine, by which it differs from one that its files were copied to.
 *
 * @module
 */

/** Where Linux keeps a number made at installation: machine-id(5), and its place before systemd. */
const MACHINE_ID_FILES = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/** What {@linkcode machineName} needs to know. */
export interface MachineFacts {
  /** The text of a file; throws if there is none. */
  readFile(path: string): string;
  /** The machine's host name; throws without permission to ask for it. */
  hostName(): string;
}

const FACTS: MachineFacts = {
  readFile: Deno.readTextFileSync,
  hostName() {
    // Without permission Deno would ask the user at the terminal.
    const { state } = Deno.permissions.querySync({ name: "sys", kind: "hostname" });
    return state === "granted" ? Deno.hostname() : "";
  },
};

/**
 * The machine id, where there is one, and the host name; empty where neither is known. The name stays the same after a
 * restart (the boot id would not), and a machine with a copy of this disk probably has another.
 *
 * Neither would do alone: copied virtual machines and containers of one image often share the id, and many hosts are
 * called `localhost`.
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
