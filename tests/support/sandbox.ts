/**
 * A machine for the README's recipes: a home, a folder and ports of its own, where they run as they are printed.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import { type Block, commandsOf } from "./recipes.ts";
import type { Scenario } from "./scenario.ts";
import { program } from "./skip.ts";
import { teleCommand } from "./tele_process.ts";
import { teleWords } from "./tele_program.ts";
import { freePort } from "./user_programs.ts";
import { until, within } from "./wait.ts";

/** The folder that the README calls "this folder". */
export const CHECKOUT: string = fileURLToPath(new URL("../..", import.meta.url));

/** How long one command may take, in milliseconds. */
const COMMAND_MS = 30_000;

/** A port as recipes write it: in an address, for ssh and psql, in a configuration. */
const PORT = /(?<=[\w\]\s=]:|[="]:|-p |Port )\d{2,5}\b/g;

/** Hosts of recipes that stand for the machine at the other end. */
const HOSTS = /\bexample\.com\b|\b10\.0\.0\.[567]\b/g;

/** Commands of a role, which runs until it is asked to end; all others end by themselves. */
const ROLE = /^tele (?!.*--(stdio|print-config))--(server|client|config=\S+)( |$)/;

/** A role, or another program that goes on, of a recipe. */
interface Background {
  readonly command: string;
  readonly child: Deno.ChildProcess;
  /** Settles when the command and all that it has started has ended: whoever holds its outputs is one of them. */
  readonly ended: Promise<unknown>;
  output: string;
  log: string;
}

/** Runs recipes. Ports are replaced by free ones, the same everywhere; hosts by this machine. */
export class Sandbox {
  /** Where the user's own files are. */
  readonly home: string;
  /** Where the recipes are typed. */
  readonly folder: string;
  /** Paths and addresses that recipes name, and what stands in for them here. */
  readonly stand: Map<string, string> = new Map();
  readonly #ports: Map<number, number> = new Map();
  readonly #background: Background[] = [];
  readonly #logsBefore: string[] = [];
  readonly #env: Record<string, string>;
  #alias = "";

  private constructor(home: string, folder: string, env: Record<string, string>) {
    this.home = home;
    this.folder = folder;
    this.#env = env;
  }

  /** Makes an empty sandbox, in `folder` or in a folder of its own. What it runs ends with the scenario. */
  static async make(s: Scenario, folder = `${s.home}/folder`, env: Record<string, string> = {}): Promise<Sandbox> {
    const home = `${s.home}/home`;
    for (const each of [home, folder, `${home}/bin`, `${home}/tmp`]) await Deno.mkdir(each, { recursive: true });
    const { env: own } = await teleCommand({ role: "client", args: [], home });
    const sandbox = new Sandbox(home, folder, {
      DENO_DIR: own.DENO_DIR!,
      DENO_NO_UPDATE_CHECK: "1",
      HOME: home,
      NO_COLOR: "1",
      PATH: `${home}/bin:${Deno.env.get("PATH")}`,
      SHELL: program("sh"),
      TMPDIR: `${home}/tmp`,
      ...env,
    });
    await sandbox.provide("deno", `exec '${Deno.execPath()}' "$@"`);
    await sandbox.provide("tele", `exec ${teleWords().map((word) => `'${word}'`).join(" ")} "$@"`);
    s.defer(() => sandbox.end());
    return sandbox;
  }

  /** Puts a program in front of the system's of the same name. */
  async provide(name: string, script: string): Promise<void> {
    await Deno.writeTextFile(`${this.home}/bin/${name}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  /** The port that stands for a recipe's port here. */
  port(printed: number): number {
    const port = this.#ports.get(printed) ?? freePort();
    this.#ports.set(printed, port);
    return port;
  }

  /** Says where a user's server is that recipes expect on `printed`. */
  serve(printed: number, port: number): void {
    this.#ports.set(printed, port);
  }

  /** A recipe's text with what stands in for its ports, hosts and paths. */
  translate(text: string): string {
    let translated = text.replace(PORT, (port) => String(this.port(Number(port)))).replace(HOSTS, "127.0.0.1");
    for (const [printed, here] of this.stand) translated = translated.replaceAll(printed, here);
    return translated;
  }

  /** Writes a block that is a configuration to a file, below what is there. */
  async configure(path: string, block: Block): Promise<void> {
    const text = this.translate(block.text);
    await Deno.writeTextFile(path, `${text}\n`, { append: true });
  }

  /**
   * Runs a block's commands, one after the other; a role goes on in the background when it is ready.
   *
   * @param typed What the last command reads on standard input.
   * @returns What they printed on standard output.
   */
  async run(block: Block, typed = ""): Promise<string> {
    assertEquals(block.language, "sh");
    let output = "";
    for (const command of commandsOf(block)) {
      if (command.startsWith("alias ")) await this.#setAlias(command);
      else if (ROLE.test(command)) await this.#startRole(command);
      else output += await this.type(command, typed);
    }
    return output;
  }

  /** Types one command; its standard output. Throws if it fails. */
  async type(command: string, typed = ""): Promise<string> {
    const child = this.#spawn(this.translate(command), "piped");
    const writer = child.stdin.getWriter();
    const typing = writer.write(new TextEncoder().encode(typed)).then(() => writer.close()).catch(() => {});
    try {
      const ended = await within(Promise.all([child.output(), typing]), COMMAND_MS, command);
      const [output, errors] = [ended[0].stdout, ended[0].stderr].map((bytes) => new TextDecoder().decode(bytes));
      assert(ended[0].success, `${command}\nended with ${ended[0].code}\n${output}\n${errors}\n${this.report()}`);
      return output!;
    } finally {
      killGroup(child, "SIGKILL");
    }
  }

  /** Starts a program that goes on until the sandbox, or {@linkcode Sandbox.stopAll}, ends it. */
  start(command: string): Background {
    const child = this.#spawn(command, "null");
    const said = { output: "", log: "" };
    const ended = Promise.all([
      child.status,
      collect(child.stdout, (text) => background.output += text),
      collect(child.stderr, (text) => background.log += text),
    ]);
    const background: Background = Object.assign(said, { command, child, ended });
    this.#background.push(background);
    return background;
  }

  /** Log lines of all roles that warn of something: those with `text`, and the others. */
  warningsOf(text: string): [these: string[], others: string[]] {
    const logs = [...this.#logsBefore, ...this.#background.map(({ log }) => log)];
    const lines = logs.flatMap((log) => log.split("\n").filter((line) => / (warn|error) /.test(line)));
    return [lines.filter((line) => line.includes(text)), lines.filter((line) => !line.includes(text))];
  }

  /** Log lines of all roles that now run, those with `text`. */
  logsOf(text: string): string[] {
    return this.#background.flatMap(({ log }) => log.split("\n").filter((line) => line.includes(text)));
  }

  /** Ends all roles. */
  async stopAll(): Promise<void> {
    // Without their lines about the end itself.
    this.#logsBefore.push(...this.#background.map(({ log }) => log));
    for (const background of this.#background.splice(0).reverse()) await endAll(background);
  }

  /** Ends whatever still runs. */
  async end(): Promise<void> {
    await Promise.all(this.#background.splice(0).map(endAll));
  }

  /** What runs in the background, and what it said. */
  report(): string {
    return this.#background.map(({ command, output, log }) => `--- ${command}\n${output}${log}`).join("\n");
  }

  /** Keeps an alias as a terminal does: what its definition starts has run once, and not for each command. */
  async #setAlias(definition: string): Promise<void> {
    const name = /^alias (\w+)=/.exec(definition)?.[1];
    assert(name !== undefined, definition);
    const printed = await this.type(`${definition}\nalias ${name}`);
    this.#alias = printed.startsWith("alias ") ? printed : `alias ${printed}`;
  }

  async #startRole(command: string): Promise<void> {
    const role = this.start(this.#alias + this.translate(command));
    let hasEnded = false;
    role.child.status.then(() => hasEnded = true);
    await until(() => role.output.includes("\n") || hasEnded, COMMAND_MS, `the ready line of ${command}`);
    assertMatch(role.output, /^(\S+: )?tele (server|client) ready: /, this.report());
  }

  #spawn(command: string, stdin: "piped" | "null"): Deno.ChildProcess {
    return new Deno.Command(program("sh"), {
      // A shell reads aliases a line ahead of what uses them.
      args: ["-c", command.startsWith("alias ") ? command : this.#alias + command],
      cwd: this.folder,
      clearEnv: true,
      env: this.#env,
      stdin,
      stdout: "piped",
      stderr: "piped",
      // Leads a group, so that what it has started ends with it.
      detached: true,
    }).spawn();
  }
}

async function collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>, take: (text: string) => void): Promise<void> {
  for await (const text of stream.pipeThrough(new TextDecoderStream())) take(text);
}

/**
 * Ends a program and all that it has started, and fails if something is left. The shell in front of a parent with
 * workers ends first: a SIGKILL to its group then would leave the workers behind, which are in no group of it.
 */
async function endAll({ child, command, ended }: Background): Promise<void> {
  killGroup(child, "SIGTERM");
  await within(ended, 10_000, `the end of ${command}, and of all that it has started`)
    .finally(() => killGroup(child, "SIGKILL"));
}

/** Signals a program and its group. */
function killGroup(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    Deno.kill(-child.pid, signal);
  } catch {
    // All of them have ended.
  }
}
