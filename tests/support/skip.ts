/**
 * Tests that need programs of the operating system.
 *
 * @module
 */

import { isNodeSound } from "../../lib/net/runtime.ts";

/** Programs that tests call, and the Debian package that has each. */
export const DEBIAN_PACKAGES: Record<string, string> = {
  apache2: "apache2",
  bash: "bash",
  caddy: "caddy",
  cat: "coreutils",
  cc: "gcc",
  chown: "coreutils",
  chromium: "chromium",
  curl: "curl",
  fish: "fish",
  git: "git",
  haproxy: "haproxy",
  id: "coreutils",
  initdb: "postgresql",
  ip: "iproute2",
  iperf3: "iperf3",
  ldd: "libc-bin",
  mandoc: "mandoc",
  microsocks: "microsocks",
  mount: "mount",
  nginx: "nginx",
  nsenter: "util-linux",
  openssl: "openssl",
  postgres: "postgresql",
  promtool: "prometheus",
  psql: "postgresql-client",
  python3: "python3",
  "redis-cli": "redis-tools",
  "redis-server": "redis-server",
  rsync: "rsync",
  scp: "openssh-client",
  setpriv: "util-linux",
  setsid: "util-linux",
  sftp: "openssh-client",
  ssh: "openssh-client",
  "ssh-keygen": "openssh-client",
  systemctl: "systemd",
  "systemd-analyze": "systemd",
  sh: "dash",
  shellcheck: "shellcheck",
  socat: "socat",
  ss: "iproute2",
  squid: "squid",
  sshd: "openssh-server",
  stunnel4: "stunnel4",
  tar: "tar",
  tc: "iproute2",
  unshare: "util-linux",
  wget: "wget",
  wrk: "wrk",
  zsh: "zsh",
};

/**
 * Decides whether a test can run: spread the result into a test definition.
 *
 * Where a program is missing the test is ignored, with the reason printed; in CI it runs, and fails in
 * {@linkcode program}.
 *
 * @example
 * ```ts
 * Deno.test({ name: "ssh keeps its shell", ...requires("sshd", "ssh"), fn: async () => {} });
 * ```
 */
export function requires(...programs: string[]): { ignore: boolean } {
  const missing = programs.filter((name) => find(name) === undefined);
  if (missing.length === 0 || isCi()) return { ignore: false };
  console.error(`skipped, for want of ${missing.map(nameWithPackage).join(", ")}`);
  return { ignore: true };
}

/**
 * Decides whether a test can run that needs what Windows does not have, such as signals that end a process, unix
 * sockets and shell scripts: spread the result into a test definition.
 */
export function onUnix(...programs: string[]): { ignore: boolean } {
  return Deno.build.os === "windows" ? { ignore: true } : requires(...programs);
}

/**
 * Defines a test of what a token seals. On Deno 2.6.8, which cannot seal, there is no such test: a skipped one is a
 * failure in CI.
 */
export function sealedTest(name: string, fn: () => void | Promise<void>): void {
  if (isNodeSound()) Deno.test(name, fn);
}

/** The path of a program; throws, naming the package to install, if it is missing. */
export function program(name: string): string {
  const path = find(name);
  if (path === undefined) throw new Error(`this test needs ${nameWithPackage(name)}`);
  return path;
}

function isCi(): boolean {
  return !["", "0", "false"].includes(Deno.env.get("CI") ?? "");
}

function nameWithPackage(name: string): string {
  const found = DEBIAN_PACKAGES[name];
  return found ? `${name} (apt-get install ${found})` : name;
}

/** The path of a program, where it is installed. */
export function find(name: string): string | undefined {
  // Daemons live in sbin, which is not in everyone's PATH.
  const isWindows = Deno.build.os === "windows";
  const path = (Deno.env.get("PATH") ?? "").split(isWindows ? ";" : ":");
  for (const folder of [...path, "/usr/sbin", "/usr/local/sbin", "/sbin", ...postgresqlFolders()]) {
    if (folder === "") continue;
    const file = `${folder}/${name}${isWindows ? ".exe" : ""}`;
    try {
      const { isFile, mode } = Deno.statSync(file);
      // Windows has no mode that says who may run a file.
      if (isFile && (isWindows || (mode ?? 0) & 0o111)) return file;
    } catch {
      // Not there; try the next.
    }
  }
  return undefined;
}

/**
 * Where Debian keeps the programs of a PostgreSQL server, newest first: not in PATH, since several can be installed.
 */
function postgresqlFolders(): string[] {
  const folder = "/usr/lib/postgresql";
  try {
    const versions = [...Deno.readDirSync(folder)].map(({ name }) => name);
    return versions.sort((a, b) => Number(b) - Number(a)).map((version) => `${folder}/${version}/bin`);
  } catch {
    return [];
  }
}
