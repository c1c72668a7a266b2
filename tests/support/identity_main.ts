/**
 * A process that holds an identity, for tests of the file and its lock: arguments are the folder, the listen address,
 * the server address, and what the machine is called. Prints one line of JSON, then waits for the end of its standard
 * input.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import { loadIdentity } from "../../lib/tunnel/files/identity_file.ts";

const [folder, listenAddress, serverAddress, machine] = Deno.args;
const log: string[] = [];
const { keys } = await loadIdentity(
  folder,
  listenAddress,
  serverAddress,
  (level, message) => log.push(`${level} ${message}`),
  machine,
);
const publicKey = encodeHex(new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey)));
// Nothing may depend on an object that the garbage collector takes.
(globalThis as { gc?: () => void }).gc?.();
console.log(JSON.stringify({ publicKey, log }));
for await (const _ of Deno.stdin.readable);
