/**
 * Why an address cannot be listened on.
 *
 * @module
 */
import { type Address, formatAddress } from "./address.ts";
import { badInput, reasonOf, type TeleError } from "./error.ts";

/** Whether another program listens there. */
export function isTaken(error: unknown): boolean {
  return error instanceof Deno.errors.AddrInUse || (error as { code?: string } | undefined)?.code === "EADDRINUSE";
}

/** Whether the address is another machine's, or a name that leads nowhere. */
export function isElsewhere(error: unknown): boolean {
  // Deno's `node:net` says EINVAL for an address of another machine.
  return error instanceof Deno.errors.AddrNotAvailable || ["EADDRNOTAVAIL", "EINVAL"].includes(codeOf(error)) ||
    isUnresolved(error);
}

/** Whether the host is a name that leads nowhere, or has a zone that is not here. */
function isUnresolved(error: unknown): boolean {
  return ["ENOTFOUND", "EAI_AGAIN"].includes(codeOf(error)) || /failed to lookup address/.test(reasonOf(error));
}

function codeOf(error: unknown): string {
  return (error as { code?: string } | undefined)?.code ?? "";
}

/** The error of an address on which this process cannot listen. */
export function explainListening(error: unknown, address: Address): TeleError {
  const sentence = `cannot listen on ${formatAddress(address)}: ${explanation(error, address)}`;
  return badInput(sentence, { cause: error });
}

function explanation(error: unknown, address: Address): string {
  if (isTaken(error)) return "another program does; choose another port";
  if (address.kind === "unix") return `${reasonOf(error)}; choose another path`;
  if (error instanceof Deno.errors.PermissionDenied || codeOf(error) === "EACCES") {
    return "not allowed; ports below 1024 need the right to, or choose another";
  }
  if (isUnresolved(error)) return "that name cannot be resolved; write an address of this machine, or only the port";
  return isElsewhere(error) ? "this machine does not have that address" : reasonOf(error);
}
