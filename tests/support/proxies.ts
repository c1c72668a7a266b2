/**
 * Real proxies for tests: Squid, and microsocks.
 *
 * @module
 */
import type { Pair } from "./certificates.ts";
import { startMiddleBox } from "./middle_box.ts";
import type { Scenario } from "./scenario.ts";
import { program } from "./skip.ts";
import { freePort } from "./user_programs.ts";

/** The programs that {@linkcode startSquid} needs. */
export const SQUID_PROGRAMS = ["squid", "openssl"];

/** Where Debian keeps Squid's program that checks passwords. */
const CHECKER = "/usr/lib/squid/basic_ncsa_auth";

/** A proxy that runs until the test ends. */
export interface RunningProxy {
  port: number;
  /** What it has logged. */
  readonly log: () => string;
}

/** Squid, which asks at one of its ports who comes. */
export interface RunningSquid extends RunningProxy {
  /** Where it does not. */
  openPort: number;
}

/**
 * Starts Squid on two free ports. At one it lets only alice pass, with her password, and nobody to 127.0.0.9; what is
 * silent for 3 s it ends.
 *
 * @param tls What it speaks TLS with at its open port.
 */
export async function startSquid(s: Scenario, password = "p@ss/word", tls?: Pair): Promise<RunningSquid> {
  const folder = await Deno.makeTempDir({ prefix: "tele-squid-" });
  s.defer(() => Deno.remove(folder, { recursive: true }));
  const [port, openPort] = [freePort(), freePort()];
  const hashed = await new Deno.Command(program("openssl"), { args: ["passwd", "-apr1", password] }).output();
  await Deno.writeTextFile(`${folder}/users`, `alice:${new TextDecoder().decode(hashed.stdout)}`);
  const lines = [
    `http_port 127.0.0.1:${port}`,
    tls === undefined
      ? `http_port 127.0.0.1:${openPort} name=open`
      : `https_port 127.0.0.1:${openPort} name=open tls-cert=${folder}/cert.pem tls-key=${folder}/key.pem`,
    "pid_filename none",
    `access_log stdio:${folder}/access.log`,
    `cache_log ${folder}/cache.log`,
    "cache deny all",
    "netdb_filename none",
    "pinger_enable off",
    `coredump_dir ${folder}`,
    "shutdown_lifetime 0 seconds",
    "read_timeout 3 seconds",
    "client_lifetime 1 day",
    `auth_param basic program ${CHECKER} ${folder}/users`,
    "acl known proxy_auth REQUIRED",
    "acl forbidden dst 127.0.0.9",
    "http_access deny forbidden",
    "acl open myportname open",
    "http_access allow open",
    "http_access allow known",
    "http_access deny all",
  ];
  await Deno.writeTextFile(`${folder}/squid.conf`, lines.join("\n") + "\n");
  if (tls !== undefined) {
    await Deno.writeTextFile(`${folder}/cert.pem`, tls.cert);
    await Deno.writeTextFile(`${folder}/key.pem`, tls.key);
  }
  // Started by root it becomes another user, who writes its logs.
  if (Deno.uid() === 0) await new Deno.Command(program("chown"), { args: ["-R", "proxy", folder] }).output();
  const log = () => read(`${folder}/access.log`);
  const command = [program("squid"), "-N", "-f", `${folder}/squid.conf`];
  await startMiddleBox(s, command, { port, log: () => read(`${folder}/cache.log`) });
  return { port, openPort, log };
}

/** Starts microsocks on a free port; with `login` it lets only that one pass. */
export async function startMicrosocks(s: Scenario, login?: { user: string; password: string }): Promise<RunningProxy> {
  const port = freePort();
  const own = login === undefined ? [] : ["-u", login.user, "-P", login.password];
  const command = [program("microsocks"), "-i", "127.0.0.1", "-p", String(port), ...own];
  const log = await startMiddleBox(s, command, { port });
  return { port, log };
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
