/**
 * `tele ssh` for tests, with this tree's tele on the other machine too.
 *
 * @module
 */
import type { Sshd } from "./sshd.ts";
import { teleCommand } from "./tele_process.ts";
import { teleWords } from "./tele_program.ts";

/** Lines of an sshd's configuration: its logins find the standard library where the tests have it. */
export async function sshdConfig(): Promise<string[]> {
  const { env } = await teleCommand({ role: "client", args: [], home: "/" });
  return [`SetEnv "DENO_DIR=${env.DENO_DIR}" DENO_NO_UPDATE_CHECK=1 NO_COLOR=1`, "AllowTcpForwarding yes"];
}

/** The command that logs in to `sshd` at `address`. */
export async function teleSsh(
  sshd: Sshd,
  { home, address = "127.0.0.1", own = [], more = [] }: {
    /** Folder for state. */
    home: string;
    address?: string;
    /** Options of tele. */
    own?: readonly string[];
    /** More words for ssh: options and a command. */
    more?: readonly string[];
  },
): Promise<{ command: string[]; env: Record<string, string> }> {
  const { env } = await teleCommand({ role: "client", args: [], home });
  const remote = own.some((word) => word.startsWith("--remote")) ? [] : [`--remote=${teleWords().join(" ")}`];
  const ssh = [...sshd.options, "-p", String(sshd.port), `${sshd.user}@${address}`, ...more];
  return { command: [...teleWords(), "ssh", ...remote, ...own, ...ssh], env };
}
