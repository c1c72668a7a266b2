/**
 * Asks a running process what it does, by its status address.
 *
 * @module
 */
import { type Address, formatAddress } from "../../net/address.ts";
import type { Clock } from "../../net/clock.ts";
import { dial, isRefused } from "../../net/dial.ts";
import type { Duplex } from "../../net/duplex.ts";
import { reasonOf, TeleError } from "../../net/error.ts";
import { readHead } from "../../net/http_head.ts";
import { PrefixedDuplex } from "../../net/prefixed_duplex.ts";
import { shortenShown } from "../../net/shown_text.ts";
import { formatDuration } from "../values/duration.ts";
import type { Report } from "./report.ts";
import { readReport } from "./report_reader.ts";

/** Where a process tells it. */
const PATH = "/api/sessions";

/** Longest time for an answer, in milliseconds. */
const ANSWER_MS = 5_000;

/** Longest answer that is read, in bytes: no tele tells so much. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Characters of an answer that are shown of one that refuses. */
const MOST_SHOWN = 200;

/** What a process answers that will not tell. */
const REFUSALS: readonly number[] = [401, 403, 421];

/** Most bytes that are looked at before anything else. */
const FIRST_BYTES = 1_024;

/** What to do where no connection comes to be, by the system's failure. */
const WHERE_NOBODY_IS: readonly (readonly [(error: unknown) => boolean, string])[] = [
  [isRefused, "nobody listens there: start tele with --status on that address, or correct the address"],
  [
    (error) => error instanceof Deno.errors.NotFound,
    "there is no such socket: start tele with --status on that address, or correct the path",
  ],
  [
    (error) => error instanceof Deno.errors.PermissionDenied,
    "this user may not open it: ask as the user that started tele",
  ],
];

/** An answer of HTTP. */
interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Asks one process, time and again. */
export class StatusClient {
  readonly #address: Address;
  readonly #token: string | undefined;
  readonly #clock: Clock;

  /**
   * Nothing is asked yet.
   *
   * @param token What the process wants to hear; `undefined` for one that asks nobody.
   */
  constructor(address: Address, token: string | undefined, clock: Clock) {
    this.#address = address;
    this.#token = token;
    this.#clock = clock;
  }

  /**
   * Asks once.
   *
   * @param signal Gives up; its reason is thrown.
   * @throws {TeleError} That says what to change: nobody is there, the token is wrong, it is no tele.
   */
  async report(signal: AbortSignal): Promise<Report> {
    const { status, body } = await this.#answer(signal);
    if (REFUSALS.includes(status)) throw this.#refused(status, body);
    try {
      if (status !== 200) throw new TeleError("bad-input", `it answers ${status} to a request for ${PATH}`);
      return readReport(body);
    } catch (error) {
      throw this.#noTele(error);
    }
  }

  /** Does not wait for ever. */
  async #answer(signal: AbortSignal): Promise<Answer> {
    const limit = new AbortController();
    const sentence = `${this.#place} does not answer within ${formatDuration(ANSWER_MS)}`;
    const timer = this.#clock.setTimer(() => limit.abort(new TeleError("carrier-lost", sentence)), ANSWER_MS);
    try {
      return await this.#ask(AbortSignal.any([signal, limit.signal]));
    } finally {
      timer.cancel();
    }
  }

  async #ask(signal: AbortSignal): Promise<Answer> {
    const duplex = await this.#connect(signal);
    const giveUp = () => duplex.close();
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      await duplex.write(new TextEncoder().encode(this.#request()));
      return await readAnswer(duplex);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof TeleError && error.code === "protocol") throw this.#noTele(error);
      throw new TeleError("carrier-lost", `${this.#place}: no whole answer came: ${reasonOf(error)}`, { cause: error });
    } finally {
      signal.removeEventListener("abort", giveUp);
      duplex.close();
    }
  }

  async #connect(signal: AbortSignal): Promise<Duplex> {
    try {
      const duplex = await dial(this.#address, signal);
      if (signal.aborted) duplex.close();
      signal.throwIfAborted();
      return duplex;
    } catch (error) {
      signal.throwIfAborted();
      throw this.#unreached(error);
    }
  }

  /** The token goes to that address alone: no proxy of the environment is asked, as `fetch` would. */
  #request(): string {
    const address = this.#address;
    const host = address.kind === "unix"
      ? "localhost"
      : formatAddress({ ...address, host: address.host ?? "localhost" });
    const fields = [`GET ${PATH} HTTP/1.1`, `Host: ${host}`, "Accept: application/json", "Connection: close"];
    if (this.#token !== undefined) fields.push(`Authorization: Bearer ${this.#token}`);
    return [...fields, "\r\n"].join("\r\n");
  }

  #refused(status: number, body: string): TeleError {
    if (status !== 401) {
      return new TeleError("refused", `${this.#place} refuses: ${shortenShown(body.trim(), MOST_SHOWN)}`);
    }
    const wants = this.#token === undefined ? "asks for a token" : "does not take this token";
    return new TeleError(
      "refused",
      `${this.#place} ${wants}: give by --token-file the file of its --status-token-file`,
    );
  }

  #noTele(error: unknown): TeleError {
    const reason = `${this.#place} is not the --status of a tele of this version: ${reasonOf(error)}`;
    return new TeleError("bad-input", reason, { cause: error });
  }

  #unreached(error: unknown): TeleError {
    const cause = error instanceof Error ? error.cause : undefined;
    const advice = WHERE_NOBODY_IS.find(([isIt]) => isIt(cause))?.[1];
    const reason = advice === undefined ? reasonOf(error) : `${this.#place}: ${advice}`;
    return new TeleError("carrier-lost", reason, { cause: error });
  }

  get #place(): string {
    return formatAddress(this.#address);
  }
}

/** Reads an answer, of which tele tells the length. */
async function readAnswer(duplex: Duplex): Promise<Answer> {
  const first = new Uint8Array(FIRST_BYTES);
  const count = await duplex.read(first);
  if (count === null) throw new TeleError("carrier-lost", "the connection ended");
  const came = first.subarray(0, count);
  // What begins otherwise may never have the end of a head.
  if (!"HTTP/1.".startsWith(String.fromCharCode(...came.subarray(0, 7)))) throw noHttp();
  const { head, rest } = await readHead(new PrefixedDuplex(duplex, came));
  const [, status] = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(head.startLine) ?? [];
  const length = Number(/^\d{1,15}$/.exec(head.fields.get("content-length") ?? "")?.[0]);
  if (status === undefined || Number.isNaN(length)) throw noHttp();
  if (length > MOST_BYTES) throw new TeleError("protocol", `its answer is longer than ${MOST_BYTES} bytes`);
  const body = new Uint8Array(length);
  body.set(rest.subarray(0, length));
  for (let filled = Math.min(rest.length, length); filled < length;) {
    const count = await duplex.read(body.subarray(filled));
    if (count === null) throw new TeleError("carrier-lost", "the connection ended");
    filled += count;
  }
  return { status: Number(status), body: new TextDecoder().decode(body) };
}

function noHttp(): TeleError {
  return new TeleError("protocol", "it does not speak HTTP as tele does");
}
