/**
 * Faults of connections. The simulator has no sockets: unit tests are to catch them.
 *
 * @module
 */
import { type Mutation, tested } from "./mutation.ts";

/** All of them. */
export const NET: readonly Mutation[] = [
  tested(
    "net: what a handle has yet to send is left to the garbage collector",
    "net/handle_duplex.ts",
    "  request.buffer = bytes;\n",
    "",
  ),
];
