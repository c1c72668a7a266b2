/**
 * Listening on a unix socket, which is a file.
 *
 * @module
 */
import { formatAddress, type UnixAddress } from "./address.ts";
import { badInput } from "./error.ts";
import { explainListening } from "./listen_failure.ts";

/** A listener, and how to end it. */
export interface UnixListening {
  /** Takes the connections. */
  readonly listener: Deno.UnixListener;
  /** Stops listening, and removes the file. */
  close(): void;
}

/**
 * Listens on `address`, for this user alone. A socket file that a killed process left is replaced.
 *
 * @throws {TeleError} `bad-input` if something else is there, or nothing can be.
 */
export async function listenUnix(address: UnixAddress): Promise<UnixListening> {
  await removeStaleSocket(address);
  const listener = bind(address);
  const close = () => {
    listener.close();
    try {
      Deno.removeSync(address.path);
    } catch {
      // Someone else removed it.
    }
  };
  return { listener, close };
}

/** The file is made with its final rights: between making it and a `chmod` anyone could connect. */
function bind(address: UnixAddress): Deno.UnixListener {
  const umask = Deno.build.os === "windows" ? undefined : Deno.umask(0o177);
  try {
    return Deno.listen({ transport: "unix", path: address.path });
  } catch (error) {
    throw explainListening(error, address);
  } finally {
    if (umask !== undefined) Deno.umask(umask);
  }
}

/** Removes the file of a process that was killed: nobody answers on it. One that answers is another program's. */
async function removeStaleSocket(address: UnixAddress): Promise<void> {
  const info = await Deno.lstat(address.path).catch(() => undefined);
  if (info === undefined) return;
  const name = formatAddress(address);
  if (!info.isSocket) throw badInput(`cannot listen on ${name}: a file that is no socket is there`);
  const answers = await Deno.connect({ transport: "unix", path: address.path }).then(
    (connection) => (connection.close(), true),
    () => false,
  );
  if (answers) throw badInput(`cannot listen on ${name}: another program does; choose another path`);
  await Deno.remove(address.path);
}
