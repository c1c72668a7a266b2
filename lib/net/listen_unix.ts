/**
 * Listening on a unix socket, which is a file.
 *
 * @module
 */
import { dirname } from "node:path";
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

/** What the file may be used for, by its owner alone. */
const FOR_OWNER = 0o600;

function bind(address: UnixAddress): Deno.UnixListener {
  try {
    if (Deno.build.os === "windows") return open(address);
    return isPrivate(dirname(address.path)) ? openAndNarrow(address) : openNarrow(address);
  } catch (error) {
    throw explainListening(error, address);
  }
}

function open({ path }: UnixAddress): Deno.UnixListener {
  return Deno.listen({ transport: "unix", path });
}

/**
 * Where nobody else can come meanwhile. The umask is the whole process': two threads that set it at once, as workers of
 * a program that uses this as a library, could leave it set for good.
 */
function openAndNarrow(address: UnixAddress): Deno.UnixListener {
  const listener = open(address);
  Deno.chmodSync(address.path, FOR_OWNER);
  return listener;
}

/** The file is made with its final rights: between making it and a `chmod` anyone could connect. */
function openNarrow(address: UnixAddress): Deno.UnixListener {
  const umask = Deno.umask(0o777 & ~FOR_OWNER);
  try {
    return open(address);
  } finally {
    Deno.umask(umask);
  }
}

/** Whether this user alone can reach what is in a folder, whatever the rights of that are. */
function isPrivate(folder: string): boolean {
  try {
    const { mode, uid } = Deno.statSync(folder);
    return mode !== null && (mode & 0o077) === 0 && uid === Deno.uid();
  } catch {
    // Listening tells what is wrong with it.
    return false;
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
