/**
 * The user's client: a download, an upload and an echo, by ordinary `fetch` and `WebSocket` that know nothing of tele.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { SeededData, viewOf } from "../../tests/support/random.ts";

/** How a download or an upload went. */
export interface TransferResult {
  /** Bytes that reached the other end. */
  readonly bytes: number;
  /** SHA-256 of what was sent; missing if not all of it was. */
  readonly sentSha256?: string | undefined;
  /** SHA-256 of what came; missing if not all of it did. */
  readonly receivedSha256?: string | undefined;
  /** What the user's program was told. */
  readonly error?: string | undefined;
}

/** How the echo went. */
export interface EchoResult {
  readonly sent: number;
  readonly answered: number;
  /** Half of the answers took no longer before the transfers began, in milliseconds. */
  readonly aloneMs: number;
  /** The same beside the transfers. */
  readonly medianMs: number;
  /** The longest that the user waited for an answer, in milliseconds. */
  readonly longestMs: number;
  readonly error?: string | undefined;
}

/** What the file server and the user's clients have seen so far. */
export class Sight {
  /** Tells the file server's reports of this run from those of another. */
  readonly name: string;
  /** Bytes that the download has got. */
  downBytes = 0;
  /** Bytes that the file server has got of the upload. */
  upBytes = 0;
  /** SHA-256 of the download, by the file server. */
  sentSha256: string | undefined;

  /** Nothing yet. */
  constructor(name: string) {
    this.name = name;
  }
}

/** Seeds of the two files. */
const DOWNLOAD_SEED = 1;
const UPLOAD_SEED = 2;

/** Time between two keystrokes, in milliseconds. */
const ECHO_MS = 50;

/** So many answers come before the transfers begin. */
const ALONE_ANSWERS = 10;

/** How long the last answers may take when the transfers are over, in milliseconds. */
const LAST_ECHO_MS = 10_000;

/** Downloads `bytes` bytes from the file server at `origin` (`127.0.0.1:PORT`). */
export async function download(
  origin: string,
  bytes: number,
  sight: Sight,
  signal: AbortSignal,
): Promise<TransferResult> {
  using client = plainClient();
  const hash = createHash("sha256");
  try {
    const url = `http://${origin}/file?name=${sight.name}&bytes=${bytes}&seed=${DOWNLOAD_SEED}`;
    const response = await fetch(url, { client, signal });
    if (!response.ok) throw new Error(`the file server answered ${response.status}`);
    for await (const chunk of response.body ?? []) {
      hash.update(viewOf(chunk));
      sight.downBytes += chunk.byteLength;
    }
  } catch (error) {
    return { bytes: sight.downBytes, error: reasonOf(error) };
  }
  return { bytes: sight.downBytes, sentSha256: sight.sentSha256, receivedSha256: hash.digest("hex") };
}

/** Uploads `bytes` bytes to the file server at `origin`. */
export async function upload(
  origin: string,
  bytes: number,
  sight: Sight,
  signal: AbortSignal,
): Promise<TransferResult> {
  using client = plainClient();
  const data = new SeededData(bytes, UPLOAD_SEED);
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const block = data.next();
      if (block) controller.enqueue(block.slice());
      else controller.close();
    },
  });
  try {
    const response = await fetch(`http://${origin}/file?name=${sight.name}`, { method: "PUT", body, client, signal });
    if (!response.ok) throw new Error(`the file server answered ${response.status}`);
    const answer: { bytes: number; sha256: string } = await response.json();
    sight.upBytes = answer.bytes;
    return { bytes: answer.bytes, sentSha256: data.sha256(), receivedSha256: answer.sha256 };
  } catch (error) {
    return { bytes: sight.upBytes, error: reasonOf(error) };
  }
}

/** Someone who types, and waits for each letter to appear. */
export class Echo {
  /** How long the last answer took, in milliseconds. */
  lastMs = 0;
  readonly #socket: WebSocket;
  readonly #sentAtMs: number[] = [];
  readonly #tookMs: number[] = [];
  readonly #ended: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #alone: PromiseWithResolvers<void> = Promise.withResolvers();
  #timer: ReturnType<typeof setInterval> | undefined;
  #isFinishing = false;
  #isClosed = false;
  #error: string | undefined;

  /** Connects to the file server at `origin`; types as soon as it is connected. */
  constructor(origin: string) {
    this.#socket = new WebSocket(`ws://${origin}/echo`);
    this.#socket.onopen = () => this.#timer = setInterval(() => this.#type(), ECHO_MS);
    this.#socket.onmessage = ({ data }) => this.#heard(Number(data));
    this.#socket.onerror = (event) =>
      this.#fail(event instanceof ErrorEvent ? reasonOf(event.message) : "the connection broke");
    this.#socket.onclose = ({ code }) => this.#isClosed || this.#fail(`the connection was closed (${code})`);
  }

  /** The longest that the user has waited for an answer so far, one that has not come yet included, in milliseconds. */
  get longestMs(): number {
    return this.longestSince(0);
  }

  /** The same of the answers that came after `sinceMs`, by `performance.now()`. */
  longestSince(sinceMs: number): number {
    const took = this.#tookMs.filter((took, index) => this.#sentAtMs[index] + took > sinceMs);
    return took.reduce((longest, took) => Math.max(longest, took), this.#error === undefined ? this.waitingMs : 0);
  }

  /** How long the oldest keystroke without an answer has waited, in milliseconds. */
  get waitingMs(): number {
    const sentAtMs = this.#sentAtMs[this.#tookMs.length];
    return sentAtMs === undefined ? 0 : performance.now() - sentAtMs;
  }

  /** Settles when enough answers came to tell how long one takes where nothing else is under way, or none will. */
  alone(): Promise<void> {
    return Promise.race([this.#alone.promise, this.#ended.promise]);
  }

  /** Waits for the last answers and closes. */
  async finish(): Promise<EchoResult> {
    clearInterval(this.#timer);
    const late = setTimeout(() => this.#fail("the last answers did not come"), LAST_ECHO_MS);
    this.#isFinishing = true;
    this.#endIfAnswered();
    await this.#ended.promise;
    clearTimeout(late);
    this.#isClosed = true;
    this.#socket.close();
    return {
      sent: this.#sentAtMs.length,
      answered: this.#tookMs.length,
      aloneMs: medianOf(this.#tookMs.slice(0, ALONE_ANSWERS)),
      medianMs: medianOf(this.#tookMs.slice(ALONE_ANSWERS)),
      longestMs: this.longestMs,
      error: this.#error,
    };
  }

  #type(): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(String(this.#sentAtMs.length));
    this.#sentAtMs.push(performance.now());
  }

  #heard(number: number): void {
    if (number !== this.#tookMs.length) this.#fail(`answer ${number} came in the place of ${this.#tookMs.length}`);
    this.lastMs = performance.now() - this.#sentAtMs[number];
    this.#tookMs.push(this.lastMs);
    if (this.#tookMs.length === ALONE_ANSWERS) this.#alone.resolve();
    this.#endIfAnswered();
  }

  #endIfAnswered(): void {
    if (this.#isFinishing && this.#tookMs.length === this.#sentAtMs.length) this.#ended.resolve();
  }

  #fail(reason: string): void {
    clearInterval(this.#timer);
    this.#error ??= reason;
    this.#ended.resolve();
  }
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** A client of its own for each transfer: no connection that was used before, no proxy. */
function plainClient(): Deno.HttpClient {
  return Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
}

/** What the user's program was told, without the layers around it. */
export function reasonOf(error: unknown): string {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause !== undefined) innermost = innermost.cause;
  const message = innermost instanceof Error ? innermost.message : String(innermost);
  const told = message.replace(/ \(os error \d+\)/, "").split(/: (?=[A-Z])/).at(-1) ?? message;
  return told.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}
