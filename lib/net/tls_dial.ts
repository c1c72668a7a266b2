/**
 * Connecting with TLS.
 *
 * @module
 */
import type { Commands } from "./command/commands.ts";
import { type Connected, dialWay } from "./dial_way.ts";
import { TeleError } from "./error.ts";
import { requireTls, secureClient, type TlsConnection, type TlsDialSettings } from "./tls_client.ts";
import { tlsWarmUp } from "./tls_warm_up.ts";
import { certifiedNames, formatWay, type Way, wayCandidates } from "./way.ts";

/**
 * Opens a connection by `way` and does the TLS handshake. `:port` tries loopback in both families, and takes a
 * certificate for `localhost`, `127.0.0.1` or `::1`.
 *
 * In TLS 1.3 a peer judges this side's certificate only after the handshake has ended here: the first `read` of the
 * connection then fails with the sentence.
 *
 * @param signal Gives up when it aborts; the socket is closed at once.
 * @param connected Called when somebody has accepted the connection, before TLS; before that, when somebody in the
 * middle has, as for {@linkcode dialWay}.
 * @param commands As for {@linkcode dialWay}.
 * @param others Offered by ALPN behind the protocols of `settings`, for those on the way.
 * @throws {TeleError} `untrusted` if a certificate is not accepted, `refused` if there is no common protocol,
 * `protocol` if the peer speaks no TLS, `carrier-lost` for all that the network does, `bad-input` if this runtime is
 * too old or the settings are wrong.
 *
 * @example
 * ```ts
 * import { dialTls } from "./tls_dial.ts";
 * import { assertRejects } from "@std/assert";
 *
 * await assertRejects(() => dialTls({ kind: "unix", path: "/nowhere/at/all" }, { protocols: ["tele/2"] }));
 * ```
 */
export async function dialTls(
  way: Way,
  settings: TlsDialSettings,
  signal?: AbortSignal,
  connected?: Connected,
  commands?: Commands,
  others?: readonly string[],
): Promise<TlsConnection> {
  requireTls();
  tlsWarmUp.start();
  const peer = { address: formatWay(way), names: certifiedNames(way), others };
  let failure: unknown;
  for (const candidate of wayCandidates(way)) {
    try {
      const transport = await dialWay(candidate, signal, connected, commands);
      connected?.();
      return await secureClient(transport, peer, settings, signal);
    } catch (error) {
      // What a server said matters more than that nobody listens on loopback's other family.
      if (!(failure instanceof TeleError) || failure.code === "carrier-lost") failure = error;
      if (signal?.aborted) break;
    }
  }
  throw failure;
}
