/**
 * The status address of a process.
 *
 * @module
 */
import { formatAddress } from "../../net/address.ts";
import { badInput } from "../../net/error.ts";
import { isLoopback } from "../../net/ip_address.ts";
import { listen } from "../../net/listen.ts";
import type { Log } from "../../net/log.ts";
import type { StatusOptions } from "../command_line/role_options.ts";
import { markOf, readFiles, type Texts, watchFiles } from "../files/watched_files.ts";
import { ProcessStatus, type ProcessStatusOptions } from "./process_status.ts";
import { StatusDoor } from "./status_door.ts";
import { type Look, toldBy } from "./status_source.ts";

/** Hosts of an address without one: whoever comes from elsewhere needs a secret. */
const LOOPBACK = ["127.0.0.1", "::1"];

/** Fewest letters of a secret: nobody slows down who guesses at it. */
const LEAST_LETTERS = 16;

const TOKEN_OPTION = "--status-token-file";

/** What {@linkcode openStatus} needs beside its options. */
export interface StatusNeeds extends ProcessStatusOptions {
  /** Told where it is, and of what goes wrong. */
  readonly log: Log;
}

/** A status address that is open. */
export interface OpenStatus extends OpenDoor {
  /** What it shows. */
  readonly status: ProcessStatus;
}

/** A status address, whatever it shows. */
export interface OpenDoor {
  /** Where it listens. */
  readonly addresses: readonly string[];
  /** Closes it, and all connections to it. */
  readonly close: () => void;
}

/**
 * Listens for requests, of which nothing is gathered before they come.
 *
 * @throws {TeleError} `bad-input` if it cannot listen there, or should not without a secret, or that is wrong.
 */
export async function openStatus(options: StatusOptions, needs: StatusNeeds): Promise<OpenStatus> {
  const status = new ProcessStatus(needs);
  return { status, ...await openDoor(options, { ...needs, look: () => toldBy(status) }) };
}

/** What {@linkcode openDoor} needs beside its options. */
export interface DoorNeeds extends Pick<StatusNeeds, "clock" | "log"> {
  /** What is told. */
  readonly look: Look;
}

/**
 * The same for what comes from elsewhere.
 *
 * @throws {TeleError} `bad-input` as {@linkcode openStatus} does.
 */
export async function openDoor({ address, tokenFile }: StatusOptions, needs: DoorNeeds): Promise<OpenDoor> {
  const { clock, log, look } = needs;
  const host = address.kind === "tcp" ? address.host : undefined;
  if (host !== undefined && !isLoopback(host) && tokenFile === undefined) {
    const place = formatAddress(address);
    throw badInput(
      `--status=${place} can be reached by others than this machine: give ${TOKEN_OPTION}=FILE, whose secret they must ` +
        "show, or an address of loopback",
    );
  }
  const files = { [TOKEN_OPTION]: tokenFile };
  const since = markOf(files);
  let token = readToken(await readFiles(files));
  const isReachedByBrowsers = address.kind === "tcp";
  const door = new StatusDoor({ clock, look, rules: () => ({ host, isReachedByBrowsers, token }) });
  const listening = await listen(address, {
    use: "carrier",
    defaultHosts: LOOPBACK,
    clock,
    log,
    onConnection: (connection) => void door.welcome(connection),
  });
  const onChange = (texts: Texts) => {
    token = readToken(texts);
    door.rulesChanged();
  };
  const stopWatching = watchFiles({ files, since, clock, log, onChange });
  const { addresses } = listening;
  log("info", `the status is at ${addresses.map(urlOf).join(" and ")}`, { status: addresses.join(" ") });
  const close = () => {
    stopWatching();
    listening.close();
    door.close();
  };
  return { addresses, close };
}

function urlOf(address: string): string {
  return address.startsWith("unix:") ? address : `http://${address}/`;
}

/** The secret in the file, without the line's end. */
function readToken({ [TOKEN_OPTION]: text }: Texts): string | undefined {
  if (text === undefined) return undefined;
  const token = text.trim();
  if (/^[\w.~+/=-]+$/.test(token) && token.length >= LEAST_LETTERS) return token;
  throw badInput(
    `${TOKEN_OPTION} must hold one word of ${LEAST_LETTERS} letters, digits or ._~+/=- at the least; ` +
      "tele --make-token prints one",
  );
}
