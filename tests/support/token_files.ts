/**
 * A server's clients by the names of their tokens: their files, and somebody who types while those change.
 *
 * @module
 */
import { makeTestToken } from "./key_files.ts";
import { connectTo, roundTrip } from "./user_programs.ts";
import { pause, within } from "./wait.ts";

/** A server's file of tokens, and the files of its clients. */
export class TokenFiles {
  readonly path: string;
  readonly #folder: string;
  readonly #lines = new Map<string, string>();

  constructor(folder: string) {
    this.#folder = folder;
    this.path = `${folder}/tokens`;
  }

  /** A new token of `name`, which the client's own file has from now on; the server's only behind {@linkcode put}. */
  async give(name: string): Promise<string[]> {
    this.#lines.set(name, `${name} ${makeTestToken()}`);
    await Deno.writeTextFile(`${this.#folder}/${name}`, `${this.#lines.get(name)}\n`, { mode: 0o600 });
    return [`--token-file=${this.#folder}/${name}`];
  }

  text(...names: string[]): string {
    return ["# clients", ...names.map((name) => this.#lines.get(name)!), ""].join("\n");
  }

  /** Writes the server's file in place. */
  put(...names: string[]): Promise<void> {
    return Deno.writeTextFile(this.path, this.text(...names), { mode: 0o600 });
  }

  /** Puts another file in its place. */
  async replace(...names: string[]): Promise<void> {
    await Deno.writeTextFile(`${this.path}.new`, this.text(...names), { mode: 0o600 });
    await Deno.rename(`${this.path}.new`, this.path);
  }
}

/** Somebody who types without a pause, until stopped. Returns the longest echo in milliseconds. */
export async function typeOn(port: number, isOver: () => boolean): Promise<number> {
  using connection = await connectTo(port);
  let longestMs = 0;
  for (let at = 0; !isOver(); at++) {
    const beganMs = performance.now();
    await within(roundTrip(connection, `${at}`), 10_000, `the echo of ${at}`);
    longestMs = Math.max(longestMs, performance.now() - beganMs);
    await pause(50);
  }
  return longestMs;
}
