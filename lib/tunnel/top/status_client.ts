/**
 * Asks a running process what it does, by its status address.
 *
 * @module
 */
import { get } from "node:http";
import { Buffer } from "node:buffer";
import { type Address, type DialCandidate, dialCandidates, formatAddress } from "../../net/address.ts";
import type { Clock } from "../../net/clock.ts";
import { reasonOf, TeleError } from "../../net/error.ts";
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
    let failure: unknown;
    for (const candidate of dialCandidates(this.#address)) {
      try {
        return await ask(candidate, this.#token, signal);
      } catch (error) {
        signal.throwIfAborted();
        failure ??= error;
      }
    }
    throw this.#unreached(failure);
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
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    // What a parser of HTTP complains of.
    if (code.startsWith("HPE_")) return this.#noTele(new Error("it does not speak HTTP"));
    const reasons: Record<string, string> = {
      ECONNREFUSED: "nobody listens there: start tele with --status on that address, or correct the address",
      ENOENT: "there is no such socket: start tele with --status on that address, or correct the path",
      ENOTFOUND: "the name cannot be resolved: correct it, or this machine's DNS",
      EACCES: "this user may not open it: ask as the user that started tele",
      ECONNRESET: "the connection broke before the answer",
    };
    const reason = Object.hasOwn(reasons, code) ? reasons[code] : reasonOf(error);
    return new TeleError("carrier-lost", `${this.#place}: ${reason}`, { cause: error });
  }

  get #place(): string {
    return formatAddress(this.#address);
  }
}

/** Not by `fetch`, which would hand the token to a proxy of the environment, and knows no unix sockets by itself. */
function ask(to: DialCandidate, token: string | undefined, signal: AbortSignal): Promise<Answer> {
  const headers = {
    accept: "application/json",
    host: to.kind === "unix" ? "localhost" : formatAddress(to),
    ...token === undefined ? {} : { authorization: `Bearer ${token}` },
  };
  const place = to.kind === "unix" ? { socketPath: to.path } : { host: to.host, port: to.port };
  return new Promise((resolve, reject) => {
    // A connection of its own each time: one that is kept could be one that died.
    const request = get({ ...place, path: PATH, headers, agent: false, signal }, (response) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      response.on("data", (piece: Buffer) => {
        bytes += piece.length;
        if (bytes > MOST_BYTES) request.destroy(new Error(`its answer is longer than ${MOST_BYTES} bytes`));
        else pieces.push(piece);
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces).toString() }));
      response.on("error", reject);
      response.on("aborted", () => reject(new Error("the connection broke in its answer")));
    });
    request.on("error", reject);
  });
}
