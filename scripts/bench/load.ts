/**
 * The load generators of the bench: its own small program for messages, iperf3 for bulk, nginx and wrk for HTTP.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { Scenario } from "../../tests/support/scenario.ts";
import { find } from "../../tests/support/skip.ts";
import { Program, runProgram } from "./program.ts";
import type { Endpoint, Site } from "./site.ts";

/** Time that a load generator gets beside the time that it measures, in milliseconds. */
const MARGIN_MS = 20_000;

/** How long `wrk` warms up, in seconds; it knows no shorter time. */
const WARM_SECONDS = 1;

const COMPILE_MS = 60_000;

/** How long `load type` waits for answers when it has ended, in milliseconds. */
const ANSWER_MS = 60_000;

/** An upload lasts no longer than any measurement, in seconds. */
const FOR_EVER_SECONDS = 3_600;

/** Where the bench's own load generator is, and how to call it. */
export interface LoadGenerator {
  /** What the output says of it. */
  readonly description: string;
  readonly command: readonly string[];
}

/** Which way bulk data goes: `down` is towards the user's client. */
export type Direction = "down" | "up";

/** How a command is run: on which side of the path, and for how long. */
export interface LoadOptions {
  wrap: readonly string[];
  seconds: number;
}

/** Compiles the load generator into the scenario's folder; takes the one in TypeScript where there is no compiler. */
export async function makeLoadGenerator(s: Scenario): Promise<LoadGenerator> {
  const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  if (find("cc") === undefined) {
    const command = [Deno.execPath(), "run", "-A", here("./load_main.ts")];
    return { description: "TypeScript on Deno (there is no C compiler; this adds about 20 µs to an echo)", command };
  }
  const file = `${s.home}/load`;
  await runProgram(["cc", "-O2", "-o", file, here("./load.c")], COMPILE_MS);
  return { description: "C", command: [file] };
}

/** Messages of 64 bytes there and back on one connection: how many, and percentiles in microseconds without the first. */
export async function pingPong(
  load: LoadGenerator,
  { host, port }: Endpoint,
  { wrap, seconds }: LoadOptions,
): Promise<{ all: number; p50: number; p99: number }> {
  const command = [...load.command, "ping", host, String(port), String(seconds)];
  return JSON.parse(await runProgram(command, seconds * 1_000 + MARGIN_MS, wrap));
}

/** A first request on each of `count` new connections: the times until its answer, in milliseconds. */
export async function firstAnswers(
  load: LoadGenerator,
  { host, port }: Endpoint,
  count: number,
  wrap: readonly string[],
): Promise<number[]> {
  const said = await runProgram([...load.command, "first", host, String(port), String(count)], MARGIN_MS, wrap);
  return said.trim().split("\n").map(Number);
}

/** Keys at a steady pace, each echoed; all in milliseconds. */
export interface Typing {
  p50: number;
  p99: number;
  /** The 99th percentile of the second half. */
  late: number;
  /** The longest time without an answer, the first second excepted. */
  still: number;
}

/** Types a key of 64 bytes each `everyMs`, whether those before it were answered or not. */
export async function type(
  load: LoadGenerator,
  { host, port }: Endpoint,
  everyMs: number,
  { wrap, seconds }: LoadOptions,
): Promise<Typing> {
  const command = [...load.command, "type", host, String(port), String(seconds), String(everyMs)];
  return JSON.parse(await runProgram(command, seconds * 1_000 + ANSWER_MS + MARGIN_MS, wrap));
}

/** Starts somebody who types a key each `everyMs` until the scenario ends. */
export async function startTyping(
  s: Scenario,
  load: LoadGenerator,
  { host, port }: Endpoint,
  everyMs: number,
  wrap: readonly string[],
): Promise<void> {
  const command = [...load.command, "type", host, String(port), String(FOR_EVER_SECONDS), String(everyMs)];
  await Program.start(s, { command, wrap });
}

/** A download: bytes per second, and the longest time without a byte in milliseconds. */
export async function fetch(
  load: LoadGenerator,
  { host, port }: Endpoint,
  skippedSeconds: number,
  { wrap, seconds }: LoadOptions,
): Promise<{ bytesPerSecond: number; still: number }> {
  const command = [...load.command, "fetch", host, String(port), String(seconds), String(skippedSeconds)];
  const said = await runProgram(command, (skippedSeconds + seconds) * 1_000 + MARGIN_MS, wrap);
  const { bytes, still } = JSON.parse(said);
  return { bytesPerSecond: bytes / seconds, still };
}

/** Uploads so many bytes; the seconds until the server had all of them. */
export async function push(
  load: LoadGenerator,
  { host, port }: Endpoint,
  bytes: number,
  { wrap, limitMs }: { wrap: readonly string[]; limitMs: number },
): Promise<number> {
  const said = await runProgram([...load.command, "push", host, String(port), String(bytes)], limitMs, wrap);
  return JSON.parse(said).seconds;
}

/** An upload that goes on until {@linkcode Upload.stop}. */
export class Upload {
  readonly #program: Program;
  readonly #server: Program;

  private constructor(program: Program, server: Program) {
    this.#program = program;
    this.#server = server;
  }

  /** Begins the only upload to a server of this kind. */
  static async start(
    s: Scenario,
    load: LoadGenerator,
    { host, port }: Endpoint,
    server: Program,
    wrap: readonly string[],
  ): Promise<Upload> {
    const command = [...load.command, "flood", host, String(port), String(FOR_EVER_SECONDS)];
    return new Upload(await Program.start(s, { command, wrap }), server);
  }

  /** Ends it, whatever of it is still on its way. Returns the bytes per second that had arrived. */
  async stop(): Promise<number> {
    const last = [...this.#server.said.matchAll(/^so far (\d+) ([\d.]+)$/gm)].at(-1);
    await this.#program[Symbol.asyncDispose]();
    if (last === undefined) throw new Error("the upload has not arrived for a moment");
    const [, bytes, seconds] = last.map(Number);
    return bytes / seconds;
  }
}

/** Bytes per second of one bulk transfer, measured where they arrive. */
export async function bulk(
  { host, port }: Endpoint,
  direction: Direction,
  streams: number,
  { wrap, seconds }: LoadOptions,
): Promise<{ bytes: number; bytesPerSecond: number }> {
  const command = ["iperf3", "-J", "-c", host, "-p", String(port), "-t", String(seconds), "-P", String(streams)];
  if (direction === "down") command.push("-R");
  const report = JSON.parse(await runProgram(command, seconds * 1_000 + MARGIN_MS, wrap));
  if (report.error !== undefined) throw new Error(`iperf3: ${report.error}`);
  const { bytes, bits_per_second } = report.end.sum_received;
  if (!(bytes > 0)) throw new Error("iperf3: no byte arrived");
  return { bytes, bytesPerSecond: bits_per_second / 8 };
}

/** Small HTTP requests per second on 64 connections, which are kept or used once. */
export async function httpRequests(
  { host, port }: Endpoint,
  isKept: boolean,
  { wrap, seconds }: LoadOptions,
): Promise<number> {
  const request = [...(isKept ? [] : ["-H", "Connection: close"]), `http://${host}:${port}/`];
  const run = (seconds: number) =>
    runProgram(["wrk", "-t2", "-c64", `-d${seconds}s`, ...request], seconds * 1_000 + MARGIN_MS, wrap);
  // Each round has new processes: as in the other workloads, the first moments are not counted.
  await run(WARM_SECONDS);
  const said = await run(seconds);
  const rate = /^Requests\/sec:\s+([\d.]+)/m.exec(said)?.[1];
  const refused = /^\s*Non-2xx or 3xx responses: .*/m.exec(said)?.[0];
  if (rate === undefined || Number(rate) === 0 || refused !== undefined) throw new Error(`wrk: ${said.trim()}`);
  return Number(rate);
}

/** Starts the server of bulk transfers on the far side. */
export function startBulkServer(s: Scenario, site: Site, port: number): Promise<Program> {
  const command = ["iperf3", "-s", "-B", site.serverHost, "-p", String(port)];
  return Program.start(s, { command, wrap: site.far, port });
}

/** Starts the server of echoes and floods on the far side. */
export function startMessageServer(
  s: Scenario,
  site: Site,
  port: number,
  { load }: { load: LoadGenerator },
): Promise<Program> {
  const command = [...load.command, "serve", site.serverHost, String(port)];
  return Program.start(s, { command, wrap: site.far, port });
}

/** Starts an nginx that answers every request with a few bytes. */
export async function startNginx(s: Scenario, _site: Site, port: number): Promise<Program> {
  const folder = `${s.home}/nginx-${port}`;
  await Deno.mkdir(folder);
  const scratch = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder};`);
  const config = [
    "daemon off; worker_processes 1; error_log stderr error;",
    `pid ${folder}/pid;`,
    Deno.uid() === 0 ? "user root;" : "",
    "events { worker_connections 4096; }",
    // Kept for as long as the client likes: the default ends a connection after 1000 requests.
    `http { ${scratch.join(" ")} access_log off; keepalive_requests 1000000000; tcp_nodelay on;`,
    `server { listen 127.0.0.1:${port} backlog=4096; location / { return 200 "hello, world\\n"; } } }`,
  ];
  await Deno.writeTextFile(`${folder}/config`, config.join("\n"));
  return await Program.start(s, { command: ["nginx", "-p", folder, "-e", "stderr", "-c", `${folder}/config`], port });
}
