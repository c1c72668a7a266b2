/**
 * Users who talk to a server that echoes, word by word, while something happens to what is between them.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Random } from "./random.ts";
import { readExactly } from "./reading.ts";
import { endingOf, writeAll } from "./user_programs.ts";
import { pause, until, within } from "./wait.ts";

/** How {@linkcode Talkers} talk. */
export interface TalkersOptions {
  /** Opens the connection of the talker at a place. */
  connect(at: number): Promise<Deno.TcpConn>;
  /** How many. */
  count: number;
  /** Words of one connection; behind them the talker ends it and opens another. @default {Infinity} */
  words?: number;
}

/** Each fourth talker has long words, which are under way for a while. */
const LONG_EACH = 4, SHORT_BYTES = 2 << 10, LONG_BYTES = 128 << 10;

/** Between two words, in milliseconds: all together leave the processor time for what breaks. */
const PAUSE_MS = { least: 50, most: 300 };

/** How long an echo may take, whatever breaks meanwhile, in milliseconds. */
const ECHO_MS = 60_000;

/** Connections whose every byte is compared. */
export class Talkers {
  /** What became of connections that did not go as they must. */
  readonly failed: string[] = [];
  /** Connections that ended as they must. */
  ended = 0;
  readonly #options: TalkersOptions;
  readonly #echoed: number[];
  readonly #all: Promise<void>[];
  #isOver = false;

  /** They begin at once. */
  constructor(options: TalkersOptions) {
    this.#options = options;
    this.#echoed = Array.from({ length: options.count }, () => 0);
    this.#all = this.#echoed.map((_, at) => this.#talk(at));
  }

  /** Waits until each of them has had a word echoed that it said from now on. */
  async goOn(ms: number, what: string): Promise<void> {
    // The next echo may be of a word that was said before.
    const wanted = this.#echoed.map((count) => count + 2);
    const isSo = () => this.failed.length > 0 || this.#echoed.every((count, at) => count >= wanted[at]!);
    await until(isSo, ms, `words of each behind ${what}`).catch((error) => {
      const still = this.#echoed.flatMap((count, at) => count < wanted[at]! ? [at] : []);
      throw new Error(`${error.message}: talkers ${still} wait`);
    });
    assertEquals(this.failed, [], what);
  }

  /** All end, each in its next pause; what they said was heard, whole. */
  async end(): Promise<void> {
    this.#isOver = true;
    await within(Promise.all(this.#all), 2 * ECHO_MS, "the last words");
    assertEquals(this.failed, []);
  }

  async #talk(at: number): Promise<void> {
    const random = new Random(at + 1);
    while (!this.#isOver) {
      try {
        await this.#connection(at, random);
        this.ended++;
      } catch (error) {
        this.failed.push(`talker ${at} behind ${this.#echoed[at]} words: ${(error as Error).message}`);
        await pause(100);
      }
    }
  }

  async #connection(at: number, random: Random): Promise<void> {
    const { connect, words = Infinity } = this.#options;
    using connection = await within(connect(at), ECHO_MS, "a connection");
    for (let word = 0; word < words && !this.#isOver; word++) {
      await within(say(connection, random, at % LONG_EACH === 0 ? LONG_BYTES : SHORT_BYTES), ECHO_MS, "an echo");
      this.#echoed[at]!++;
      await pause(random.between(PAUSE_MS.least, PAUSE_MS.most));
    }
    await connection.closeWrite();
    assertEquals(await within(endingOf(connection), ECHO_MS, "the end"), "end");
  }
}

/** Says a word of up to `most` bytes and compares what comes back. */
async function say(connection: Deno.TcpConn, random: Random, most: number): Promise<void> {
  const words = new Uint32Array(random.between(1, most / 4));
  random.fill(words);
  const bytes = new Uint8Array(words.buffer);
  const [, echoed] = await Promise.all([writeAll(connection, bytes), readExactly(connection, bytes.length)]);
  const wrong = echoed.findIndex((byte, at) => byte !== bytes[at]);
  if (wrong !== -1) throw new Error(`byte ${wrong} of ${bytes.length} came back as another`);
}
