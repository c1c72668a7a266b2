/**
 * Where a client keeps who it is: a key pair per server and listen address, in the user's state folder.
 *
 * @module
 */
import { decodeHex, encodeHex } from "@std/encoding/hex";
import { reasonOf } from "../../net/error.ts";
import type { Log, LogLevel } from "../../net/log.ts";
import { isTicketLength } from "../../session/handshake/ticket.ts";
import { makeIdentityKeys } from "../../session/handshake/keys.ts";
import { machineName } from "./machine.ts";

/** Bytes of the two lines of the keys: 48 of PKCS #8 (RFC 8410, 7) and 32 of the public key, in hexadecimal digits. */
const KEY_LINES_BYTES = 2 * 48 + 1 + 2 * 32 + 1;

/** The folder for state that outlives a process, by the system's custom; `undefined` if the environment names none. */
export function stateFolder(
  environment: (name: string) => string | undefined = Deno.env.get,
  os: typeof Deno.build.os = Deno.build.os,
): string | undefined {
  const within = (base: string | undefined, ...path: string[]) => base ? [base, ...path].join("/") : undefined;
  if (os === "windows") return within(environment("LOCALAPPDATA"), "tele");
  const explicit = within(environment("XDG_STATE_HOME"), "tele");
  if (explicit !== undefined) return explicit;
  if (os === "darwin") return within(environment("HOME"), "Library", "Application Support", "tele");
  return within(environment("HOME"), ".local", "state", "tele");
}

/** Who a client is, and whether it is the same after a restart. */
export interface LoadedIdentity {
  /** The last ticket of its former process, where servers of a fleet gave one. */
  readonly ticket: Uint8Array | undefined;
  /** Keeps a ticket for the next process; the last one counts. */
  keep(ticket: Uint8Array): void;
  /** The key pair. */
  readonly keys: CryptoKeyPair;
  /** Whether they outlive the process. */
  readonly isStored: boolean;
  /** This client has ended: another one with the same addresses may be it. */
  release(): void;
}

/** Makes keys for this process alone, and logs `why` and what follows from it. */
export async function identityInMemory(why: string, level: LogLevel, log: Log): Promise<LoadedIdentity> {
  log(
    level,
    `${why}; this one's identity is kept in memory only, and its sessions outlast an outage of an hour at most`,
  );
  return await identityOfProcess();
}

/** Keys for this process alone. */
export async function identityOfProcess(): Promise<LoadedIdentity> {
  return { keys: await makeIdentityKeys(), isStored: false, ticket: undefined, keep() {}, release() {} };
}

/**
 * The keys of the client that listens on `listenAddress` for the server at `serverAddress`, made on first use.
 *
 * The file's name holds the machine too. A client in a folder that was copied from another machine finds no file of its
 * own and makes one: with the other's keys, each start would end the sessions of the client over there.
 *
 * The file is locked until it is released, or the process ends. A second client with the same addresses, as in a container, gets keys of
 * its own in memory only; so does a client whose file cannot be used.
 *
 * @param folder Where the file is.
 * @param machine The name of this machine, see {@linkcode machineName}.
 */
export async function loadIdentity(
  folder: string | undefined,
  listenAddress: string,
  serverAddress: string,
  log: Log,
  machine: string = machineName(),
): Promise<LoadedIdentity> {
  if (folder === undefined) {
    const variable = Deno.build.os === "windows" ? "LOCALAPPDATA" : "HOME";
    return await identityInMemory(`${variable} is not set, so a tele client has no folder for its state`, "info", log);
  }
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    const client = `identity-${await digestOf(`${listenAddress}\n${serverAddress}`)}`;
    const name = `${client}-${await digestOf(`machine\n${machine}`)}`;
    if (await isElsewhere(folder, client, name)) log("info", newHere(folder));
    const file = await openLocked(`${folder}/${name}`);
    if (file !== undefined) {
      const known = await readOrMake(file);
      const line = new TicketLine(file, log);
      return { ...known, isStored: true, keep: (ticket) => line.keep(ticket), release: () => line.close() };
    }
  } catch (error) {
    return await identityInMemory(`cannot keep a client's identity in ${folder}: ${reasonOf(error)}`, "warn", log);
  }
  return await identityInMemory("another tele client with the same addresses is running", "info", log);
}

/** 16 hexadecimal digits for a text: enough to tell a user's few clients and machines apart. */
async function digestOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return encodeHex(new Uint8Array(digest).subarray(0, 8));
}

/** Whether the only identities of this client are those of other machines. */
async function isElsewhere(folder: string, client: string, name: string): Promise<boolean> {
  const names = await Array.fromAsync(Deno.readDir(folder), (entry) => entry.name);
  return !names.includes(name) && names.some((other) => other.startsWith(`${client}-`));
}

function newHere(folder: string): string {
  return `the identity in ${folder} is another machine's, or this one's under a former host name: this client takes a new one. ` +
    "It ends no sessions of that other machine; if this one was renamed, what a killed client left behind under the " +
    "former name ends only after the resume timeout";
}

/** Opens the file and locks it until it is closed; `undefined` if another process has it locked. */
async function openLocked(path: string): Promise<Deno.FsFile | undefined> {
  const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
  // Deno 2.6 can only wait for a lock, and would wait for ever here. Without the lock, the server tells the second
  // client that it was replaced, and that one takes a new identity.
  const locks = file as unknown as { tryLock?(exclusive: boolean): Promise<boolean> };
  if (locks.tryLock === undefined || await locks.tryLock(true)) return file;
  file.close();
  return undefined;
}

async function readOrMake(file: Deno.FsFile): Promise<Pick<LoadedIdentity, "keys" | "ticket">> {
  const text = (await new Response(copyOf(file)).text()).trim();
  const [privateText, publicText, ticketText = ""] = text.split("\n");
  if (privateText && publicText) {
    return { keys: await importKeys(decodeHex(privateText), decodeHex(publicText)), ticket: readTicket(ticketText) };
  }
  const keys = await makeIdentityKeys();
  await writeFrom(file, 0, await keyLines(keys));
  return { keys, ticket: undefined };
}

/** The process may have been killed while it wrote it. */
function readTicket(text: string): Uint8Array | undefined {
  try {
    const ticket = decodeHex(text);
    return isTicketLength(ticket.length) ? ticket : undefined;
  } catch {
    return undefined;
  }
}

async function keyLines(keys: CryptoKeyPair): Promise<Uint8Array> {
  const privateKey = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey));
  return new TextEncoder().encode(`${encodeHex(privateKey)}\n${encodeHex(publicKey)}\n`);
}

async function writeFrom(file: Deno.FsFile, start: number, bytes: Uint8Array): Promise<void> {
  await file.seek(start, Deno.SeekMode.Start);
  await file.truncate(start);
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

/** Writes tickets behind the lines of the keys, one after the other, until the file is closed. */
class TicketLine {
  readonly #file: Deno.FsFile;
  readonly #log: Log;
  #newest: Uint8Array | undefined;
  #writing: Promise<void> = Promise.resolve();
  #isSilent = false;

  constructor(file: Deno.FsFile, log: Log) {
    this.#file = file;
    this.#log = log;
  }

  keep(ticket: Uint8Array): void {
    this.#newest = ticket;
    this.#writing = this.#writing.then(() => this.#write());
  }

  close(): void {
    this.#isSilent = true;
    this.#file.close();
  }

  async #write(): Promise<void> {
    const ticket = this.#newest;
    this.#newest = undefined;
    if (ticket === undefined) return;
    try {
      await writeFrom(this.#file, KEY_LINES_BYTES, new TextEncoder().encode(`${encodeHex(ticket)}\n`));
    } catch (error) {
      // Without it, what a killed client leaves at another server of the fleet ends by the resume timeout.
      if (!this.#isSilent) this.#log("warn", `cannot keep the ticket of the session: ${reasonOf(error)}`);
      this.#isSilent = true;
    }
  }
}

/** The bytes of the file, which stays open: to close it would give up the lock. */
function copyOf(file: Deno.FsFile): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const into = new Uint8Array(1024);
      const count = await file.read(into);
      if (count === null) controller.close();
      else controller.enqueue(into.subarray(0, count));
    },
  });
}

async function importKeys(privateKey: BufferSource, publicKey: BufferSource): Promise<CryptoKeyPair> {
  const algorithm = { name: "Ed25519" };
  return {
    privateKey: await crypto.subtle.importKey("pkcs8", privateKey, algorithm, true, ["sign"]),
    publicKey: await crypto.subtle.importKey("raw", publicKey, algorithm, true, ["verify"]),
  };
}
