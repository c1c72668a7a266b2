/**
 * A PostgreSQL server of a test's own, and its client `psql`.
 *
 * @module
 */
import type { Scenario } from "./scenario.ts";
import { program } from "./skip.ts";
import { freePort } from "./user_programs.ts";
import { until, within } from "./wait.ts";

/** The name of the database's superuser. */
const USER = "tele";

/** What {@linkcode startPostgres} and {@linkcode psql} call. */
export const POSTGRES_PROGRAMS = ["initdb", "postgres", "psql", "setpriv"];

/** Starts a PostgreSQL server with an empty database on a free port of 127.0.0.1. Returns the port. */
export async function startPostgres(s: Scenario): Promise<number> {
  // Not below the test's own folder, which only its user may enter.
  const home = await Deno.makeTempDir({ prefix: "tele-postgres-" });
  s.defer(() => Deno.remove(home, { recursive: true }));
  const asUser = Deno.uid() === 0 ? await asPostgres(home) : [];
  const data = `${home}/data`;
  await runAs(asUser, program("initdb"), "-D", data, "-U", USER, "--auth=trust", "--no-sync", "--locale=C");

  const port = freePort();
  const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "max_connections=20"];
  const args = ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])];
  const [command, ...rest] = [...asUser, program("postgres"), ...args];
  const child = new Deno.Command(command, { args: rest, cwd: home, stdin: "null", stdout: "null", stderr: "piped" })
    .spawn();
  let log = "";
  let ended = false;
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) log += text;
    ended = true;
  })();
  s.defer(async () => {
    // Its immediate shutdown: it ends its own processes, which a SIGKILL would leave behind.
    if (!ended) child.kill("SIGQUIT");
    await child.status;
    await reading;
  });
  await until(() => ended || log.includes("ready to accept connections"), 30_000, "PostgreSQL");
  if (ended) throw new Error(`PostgreSQL did not start: ${log}`);
  return port;
}

/** PostgreSQL refuses to run as root: Debian's package has made a user for it. */
async function asPostgres(home: string): Promise<string[]> {
  await runAs([], program("chown"), "postgres:postgres", home);
  return [program("setpriv"), "--reuid=postgres", "--regid=postgres", "--clear-groups"];
}

async function runAs(asUser: string[], ...command: string[]): Promise<string> {
  const [name, ...args] = [...asUser, ...command];
  const { code, stdout, stderr } = await new Deno.Command(name, { args, stdin: "null", cwd: "/" }).output();
  if (code !== 0) throw new Error(`${command[0]} failed: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** Runs one `psql` with one command through `port`; its output, without the last line feed. */
export async function psql(port: number, command: string): Promise<string> {
  const output = await runAs([], program("psql"), ...connectionArgs(port), "-c", command);
  return output.replace(/\n$/, "");
}

function connectionArgs(port: number): string[] {
  // No settings file, unaligned tuples only, and no word but answers.
  return ["-XAtq", "-v", "ON_ERROR_STOP=1", `postgresql://${USER}@127.0.0.1:${port}/postgres`];
}

/** A `psql` that stays connected, and answers one query after the other. */
export class PsqlSession implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<unknown>;
  #output = "";
  #ended = false;

  /** Connects through `port`. */
  constructor(port: number) {
    this.#child = new Deno.Command(program("psql"), {
      args: connectionArgs(port),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reading = Promise.all([this.#child.stdout, this.#child.stderr].map(async (stream) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) this.#output += text;
    })).finally(() => this.#ended = true);
  }

  /** The answer, one line, to a query of one row. */
  async ask(query: string, ms: number): Promise<string> {
    const from = this.#output.length;
    await this.#writer.write(new TextEncoder().encode(`${query};\n`));
    await until(() => this.#ended || this.#output.indexOf("\n", from) !== -1, ms, `the answer to ${query}`);
    return this.#output.slice(from).replace(/\n$/, "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {});
    await within(this.#child.status, 10_000, "the end of psql").catch(() => this.#child.kill("SIGKILL"));
    await this.#reading;
  }
}
