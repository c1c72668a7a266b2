/**
 * Listening on a unix socket, which is a file.
 *
 * @module
 */
import net from "node:net";
import { dirname } from "node:path";
import { formatAddress, type UnixAddress } from "./address.ts";
import { badInput } from "./error.ts";
import { explainListening } from "./listen_failure.ts";
import { listeningHandle } from "./runtime.ts";
import { hasUnixDuplex } from "./unix_duplex.ts";

/** What listens. */
export type UnixListener = net.Server | Deno.UnixListener;

/** A listener, and how to end it. */
export interface UnixListening {
  /** Takes the connections, on handles where the runtime has them. */
  readonly listener: UnixListener;
  /** Stops listening, and removes the file. */
  close(): void;
}

/**
 * Listens on `address`, for this user alone. A socket file that a killed process left is replaced.
 *
 * @param backlog Connections that may wait to be accepted.
 * @throws {TeleError} `bad-input` if something else is there, or nothing can be.
 */
export async function listenUnix(address: UnixAddress, backlog: number): Promise<UnixListening> {
  await removeStaleSocket(address);
  const listener = bind(address, backlog);
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

function bind(address: UnixAddress, backlog: number): UnixListener {
  try {
    if (Deno.build.os === "windows") return open(address, backlog);
    return isPrivate(dirname(address.path)) ? openAndNarrow(address, backlog) : openNarrow(address, backlog);
  } catch (error) {
    throw explainListening(error, address);
  }
}

function open({ path }: UnixAddress, backlog: number): UnixListener {
  if (hasUnixDuplex()) {
    const server = net.createServer().on("error", () => {}).listen({ path, backlog });
    // There as soon as it listens, before that is told.
    if (listeningHandle(server)) return server;
  }
  // It has words for what fails.
  return Deno.listen({ transport: "unix", path });
}

/**
 * Where nobody else can come meanwhile. The umask is the whole process': two threads that set it at once, as workers of
 * a program that uses this as a library, could leave it set for good.
 */
function openAndNarrow(address: UnixAddress, backlog: number): UnixListener {
  const listener = open(address, backlog);
  Deno.chmodSync(address.path, FOR_OWNER);
  return listener;
}

/** The file is made with its final rights: between making it and a `chmod` anyone could connect. */
function openNarrow(address: UnixAddress, backlog: number): UnixListener {
  const umask = Deno.umask(0o777 & ~FOR_OWNER);
  try {
    return open(address, backlog);
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
