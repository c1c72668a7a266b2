/**
 * A real HAProxy for tests.
 *
 * @module
 */
import type { Pair } from "./certificates.ts";
import type { Scenario } from "./scenario.ts";
import { program } from "./skip.ts";
import { freePort } from "./user_programs.ts";
import { pause, within } from "./wait.ts";

/** A `listen` section from each port to its targets, to which it deals in turn. */
export interface HaproxySection {
  port: number;
  to: number | number[];
  lines: string[];
  /** The file of its certificate and key, if it ends TLS. */
  tls?: string;
}

/** A balancer that runs. */
export interface RunningHaproxy {
  /** Cuts all connections of a section, by the port of that. */
  cut(port: number): Promise<void>;
}

/** Runs HAProxy until the test ends. */
export async function startHaproxy(s: Scenario, sections: HaproxySection[]): Promise<RunningHaproxy> {
  const file = `${s.home}/haproxy.cfg`;
  const administration = `${s.home}/haproxy.sock`;
  const configuration = [
    "global",
    `  stats socket ${administration} level admin`,
    "defaults",
    "  mode tcp",
    "  timeout connect 5s",
    ...sections.flatMap(({ port, to, lines, tls }) => [
      `listen box${port}`,
      `  bind 127.0.0.1:${port}${tls === undefined ? "" : ` ssl crt ${tls} alpn tele/2`}`,
      ...lines.map((line) => `  ${line}`),
      ...[to].flat().map((target, at) =>
        `  server tele${at} 127.0.0.1:${target}${[to].flat().length > 1 ? " check inter 200ms" : ""}`
      ),
    ]),
    "",
  ];
  await Deno.writeTextFile(file, configuration.join("\n"));
  const child = new Deno.Command(program("haproxy"), {
    args: ["-db", "-f", file],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let ended = false;
  const said = child.stderr.pipeThrough(new TextDecoderStream());
  let text = "";
  const reading = (async () => {
    for await (const part of said) text += part;
    ended = true;
  })();
  s.defer(async () => {
    if (!ended) child.kill("SIGKILL");
    await Promise.all([child.status, reading]);
  });
  await within(
    (async () => {
      while (!ended && !await isServing(administration)) await pause(10);
    })(),
    10_000,
    "HAProxy",
  );
  if (ended) throw new Error(`HAProxy ended: ${text}`);
  return {
    async cut(port) {
      const targets = [sections.find((section) => section.port === port)!.to].flat();
      for (const at of targets.keys()) await tell(administration, `shutdown sessions server box${port}/tele${at}`);
    },
  };
}

/** Says something to HAProxy as its administrator; settles when it has done so. */
async function tell(administration: string, words: string): Promise<void> {
  using connection = await Deno.connect({ transport: "unix", path: administration });
  await connection.write(new TextEncoder().encode(`${words}\n`));
  while (await connection.read(new Uint8Array(256)) !== null);
}

/**
 * Whether HAProxy answers its administrator, which it does once all its ports are bound. (To try one of the ports would
 * either keep HAProxy from binding it, or be a connection that a tele server wonders about.)
 */
async function isServing(administration: string): Promise<boolean> {
  try {
    using connection = await Deno.connect({ transport: "unix", path: administration });
    await connection.write(new TextEncoder().encode("show info\n"));
    return await connection.read(new Uint8Array(64)) !== null;
  } catch {
    return false;
  }
}

/** Starts an HAProxy that ends TLS in front of each of these ports; returns its own ports. */
export async function startHaproxyTls(s: Scenario, { cert, key }: Pair, targets: number[]): Promise<number[]> {
  const tls = `${s.home}/haproxy.pem`;
  await Deno.writeTextFile(tls, cert + key);
  const lines = ["timeout client 1m", "timeout server 1m"];
  const ports = targets.map(() => freePort());
  await startHaproxy(s, targets.map((to, at) => ({ port: ports[at]!, to, lines, tls })));
  return ports;
}
