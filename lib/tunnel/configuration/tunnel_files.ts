/**
 * The files that a tunnel names.
 *
 * @module
 */
import { systemClock } from "../../net/clock.ts";
import { silentLog } from "../../net/log.ts";
import { readFleetSecrets } from "../files/fleet_key_file.ts";
import { readClientToken, readServerTokens } from "../files/token_file.ts";
import { canBeReadAgain } from "../files/watched_files.ts";
import { makeDialer } from "../roles/outer_dialer.ts";
import { checkOuterFiles } from "../roles/outer_listener.ts";
import type { TunnelEntry } from "./tunnel_table.ts";

/** How the table of options calls what is the path of a file. */
const FILE = "FILE";

/**
 * Reads them as the start of the tunnel would, and keeps nothing: what runs is not to end for a tunnel that cannot begin.
 * Of one with a pipe none is read, since the start could not read that again.
 *
 * @throws {TeleError} `bad-input` with what is wrong with one.
 *
 * @example
 * ```ts
 * import { checkTunnelFiles } from "./tunnel_files.ts";
 * import { readConfiguration } from "./configuration.ts";
 * import { assertRejects } from "@std/assert";
 *
 * const text = '[[tunnel]]\nname = "nas"\nrole = "server"\nin = ":22"\ntoken-file = "/nowhere"\n';
 * const [entry] = readConfiguration(text, { file: "tele.toml", environment: {} }).tunnels;
 * await assertRejects(() => checkTunnelFiles(entry!), Error, "there is no such file");
 * ```
 */
export async function checkTunnelFiles({ command, settings }: TunnelEntry): Promise<void> {
  const paths = settings.filter(({ option }) => option.kind === "value" && option.placeholder === FILE);
  if (!canBeReadAgain(Object.fromEntries(paths.map(({ option, texts }) => [option.name, texts[0]])))) return;
  const { tokenFile: file, tokenVariable: variable } = command.options;
  if (command.kind === "server") {
    await readServerTokens({ file, variable }, silentLog);
    const { fleet } = command.options;
    if (fleet !== undefined) await readFleetSecrets(fleet.keyFile, silentLog);
    return await checkOuterFiles(command.options, systemClock);
  }
  await readClientToken({ file, variable }, silentLog);
  const dialer = await makeDialer(command.options, silentLog, systemClock);
  await dialer.stop();
}
