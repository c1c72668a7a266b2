/**
 * The TLS settings of a client's paths, whose files are read again when they change.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import type { Log } from "../../net/log.ts";
import { systemCertificates } from "../../net/system_certificates.ts";
import { checkDialSettings, requireTls, type TlsDialSettings } from "../../net/tls_client.ts";
import type { ClientOptions, ClientPath, ClientTls } from "../command_line/role_options.ts";
import { markOf, readFiles, type Texts, watchFiles } from "../files/watched_files.ts";
import { SESSION_ALPN } from "../../session/sealing.ts";
import { offered, WEB_ALPN } from "../rfd80/alpn.ts";

/** What `--tls-ca` takes in place of a file: the certificates that this machine trusts. */
const SYSTEM = "system";

/** Settings that may change. */
export interface TlsWatch {
  /** The present ones of a path; `undefined` if it has no TLS. */
  of(path: number): TlsDialSettings | undefined;
  /** Looks at the files no more. */
  stop(): void;
}

/**
 * Reads the files, and again when they change: a client runs as long as its connections do, and the next carrier must
 * use certificates that were renewed meanwhile.
 *
 * @throws {TeleError} `bad-input` if a file cannot be read or used, or this runtime cannot do TLS.
 */
export async function watchTls(options: Pick<ClientOptions, "paths" | "protocol">, log: Log, clock: Clock): Promise<
  TlsWatch
> {
  const { paths, protocol } = options;
  // They are all of one command line.
  const tls = paths.find((path) => path.tls !== undefined)?.tls;
  if (tls === undefined) return { of: () => undefined, stop() {} };
  // Before the files, with which a runtime that is too old finds fault.
  requireTls();
  const caFile = tls.caFile === SYSTEM ? undefined : tls.caFile;
  const files = { "--tls-ca": caFile, "--tls-cert": tls.certFile, "--tls-key": tls.keyFile };
  const settingsOf = (texts: Texts) => {
    const made: Record<string, TlsDialSettings> = {};
    return paths.map((path) => {
      if (path.tls === undefined) return undefined;
      const protocols = protocolsOf(path, protocol);
      // Shared, since checked certificates are kept with them.
      return made[protocols.join()] ??= makeSettings(tls, protocols, texts);
    });
  };
  const since = markOf(files);
  let settings = settingsOf(await readFiles(files));
  const stop = watchFiles({ files, since, clock, log, onChange: (texts) => settings = settingsOf(texts) });
  return { of: (path) => settings[path], stop };
}

/** What is offered by ALPN. A web server in front knows nothing of tele. */
function protocolsOf({ out }: ClientPath, protocol: string | undefined): string[] {
  if (protocol !== undefined) return offered(protocol);
  return [out.kind === "websocket" ? WEB_ALPN : SESSION_ALPN];
}

function makeSettings(tls: ClientTls, protocols: string[], texts: Texts): TlsDialSettings {
  const ca = tls.caFile === SYSTEM ? systemCertificates() : texts["--tls-ca"];
  const [cert, key] = [texts["--tls-cert"], texts["--tls-key"]];
  const certificate = cert !== undefined && key !== undefined ? { cert, key } : undefined;
  const settings = { protocols, ca, name: tls.name, certificate };
  checkDialSettings(settings);
  return settings;
}
