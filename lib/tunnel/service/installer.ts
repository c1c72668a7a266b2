/**
 * Installs, removes and shows a service: tells each step, and leaves alone what it did not write.
 *
 * @module
 */
import { badInput } from "../../net/error.ts";
import { isMarked } from "./marked_text.ts";
import type { ServicePlan } from "./service.ts";

/** The machine, as far as services are concerned. */
export interface ServiceHost {
  /** The text of a file; `undefined` if there is none. */
  read(path: string): Promise<string | undefined>;
  /** Writes a file, and makes its folder. */
  write(path: string, text: string): Promise<void>;
  /** Removes a file. */
  remove(path: string): Promise<void>;
  /** Runs a command, whose output its user sees, and returns its exit code. */
  run(words: readonly string[]): Promise<number>;
  /** Tells a line. */
  say(line: string): Promise<void>;
}

/** Does the steps of a plan. */
export class Installer {
  readonly #plan: ServicePlan;
  readonly #host: ServiceHost;
  readonly #isDryRun: boolean;

  /** Nothing is done yet; in a dry run nothing ever is, but told. */
  constructor(plan: ServicePlan, host: ServiceHost, isDryRun: boolean) {
    this.#plan = plan;
    this.#host = host;
    this.#isDryRun = isDryRun;
  }

  /**
   * Writes the service's file and begins the service; one that runs begins again.
   *
   * @throws {TeleError} `bad-input` if a file of somebody else is in the way, or a command fails.
   */
  async install(text: string): Promise<void> {
    const { file, begin, beginsAnew, end, hints } = this.#plan;
    const isThere = await this.#isOwn();
    if (isThere && !beginsAnew) await this.#runAll(end);
    await this.#host.say(`writes ${file}:\n${text.trimEnd().replace(/^(?=.)/gm, "  ")}`);
    if (!this.#isDryRun) await this.#host.write(file, text);
    await this.#runAll(begin);
    for (const hint of hints) await this.#host.say(hint);
  }

  /**
   * Ends the service and removes its file.
   *
   * @throws {TeleError} `bad-input` if there is none, it is not as it was written, or a command fails.
   */
  async remove(): Promise<void> {
    const { file, end, forget } = this.#plan;
    if (!await this.#isOwn()) throw notThere(file);
    await this.#runAll(end);
    await this.#host.say(`removes ${file}`);
    if (!this.#isDryRun) await this.#host.remove(file);
    await this.#runAll(forget);
  }

  /**
   * Shows how the service is.
   *
   * @returns Whether it runs, as the system's own command says.
   * @throws {TeleError} `bad-input` if there is none.
   */
  async status(): Promise<boolean> {
    const { file, status } = this.#plan;
    if (await this.#host.read(file) === undefined) throw notThere(file);
    await this.#host.say(`runs ${status.join(" ")}`);
    return await this.#host.run(status) === 0;
  }

  /** Whether the file is there. It must be as it was written: else it is somebody's work. */
  async #isOwn(): Promise<boolean> {
    const { file } = this.#plan;
    const text = await this.#host.read(file);
    if (text === undefined) return false;
    if (isMarked(text)) return true;
    throw badInput(
      `${file} is not as tele service wrote it, so it is left alone: move it away, or give another --name=NAME`,
    );
  }

  async #runAll(commands: readonly (readonly string[])[]): Promise<void> {
    for (const words of commands) {
      await this.#host.say(`runs ${words.join(" ")}`);
      const code = this.#isDryRun ? 0 : await this.#host.run(words);
      if (code !== 0) throw badInput(`${words.join(" ")} failed with code ${code}: see what it says above`);
    }
  }
}

function notThere(file: string): Error {
  return badInput(`no such service is installed: there is no ${file}`);
}
