/**
 * Connecting by a proxy.
 *
 * @module
 */
import { formatAddress } from "../address.ts";
import { dial } from "../dial.ts";
import type { Origin } from "../origin.ts";
import type { Duplex } from "../duplex.ts";
import { reasonOf, TeleError } from "../error.ts";
import { PrefixedDuplex } from "../prefixed_duplex.ts";
import { systemCertificates } from "../system_certificates.ts";
import { secureClient, type TlsDialSettings } from "../tls_client.ts";
import { ConnectNegotiation } from "./connect.ts";
import { type Negotiation, proxyLeft, type ProxyTarget } from "./negotiation.ts";
import { formatProxy, type Proxy } from "./proxy.ts";
import { Socks5Negotiation } from "./socks5.ts";

/** Bytes read at once of what a proxy says. */
const READ_BYTES = 4 * 1024;

/**
 * Connects to `target` by `proxy`. The proxy's name is resolved here, the target's by the proxy.
 *
 * @param signal Gives up, and closes the connection to the proxy at once, when it aborts.
 * @param reached Called when the proxy has accepted the connection, with what it means if nothing more comes, and again
 * when it leads on.
 * @param from Where the connection to the proxy leaves from.
 * @throws {TeleError} `refused` if somebody must change something first, such as a password; `protocol` for a page that
 * a network shows before one has logged in; `carrier-lost` for the rest.
 *
 * @example
 * ```ts ignore
 * import { parseProxy } from "./proxy.ts";
 * import { dialByProxy } from "./proxy_dial.ts";
 *
 * const proxy = parseProxy("http://proxy.example.com:3128");
 * const duplex = await dialByProxy(proxy, { host: "example.com", port: 40300 });
 * ```
 */
export async function dialByProxy(
  proxy: Proxy,
  target: ProxyTarget,
  signal?: AbortSignal,
  reached?: (silence?: string) => void,
  from?: Origin,
): Promise<Duplex> {
  const place = formatAddress({ kind: "tcp", ...target });
  const told = `${place}: the proxy ${formatProxy(proxy)}`;
  const socket = await dial({ ...proxy, kind: "tcp" }, signal, from).catch((error) => {
    throw new TeleError("carrier-lost", `${told} cannot be reached: ${reasonOf(error)}`, { cause: error });
  });
  reached?.(silenceOf(proxy, place));
  try {
    const transport = proxy.kind === "https" ? await secure(socket, proxy, signal) : socket;
    const duplex = await negotiate(transport, negotiationWith(proxy, target), place, signal);
    reached?.();
    return duplex;
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    const code = error instanceof TeleError ? error.code : "carrier-lost";
    throw new TeleError(code, `${told} ${sentenceOf(error)}`, { cause: error });
  }
}

function silenceOf(proxy: Proxy, place: string): string {
  return `the proxy ${formatProxy(proxy)} takes connections but does not answer: either ${place} does not answer it ` +
    "(check --out), or it is no such proxy (check its scheme, host and port)";
}

function negotiationWith({ kind, login }: Proxy, target: ProxyTarget): Negotiation {
  return kind === "socks5" ? new Socks5Negotiation(target, login) : new ConnectNegotiation(target, login);
}

/** The errors of a negotiation go on behind the proxy's name; those of a connection tell what became of it. */
function sentenceOf(error: unknown): string {
  return error instanceof TeleError ? error.message : `is gone before it has answered: ${reasonOf(error)}`;
}

/**
 * Talks to a proxy until the way is open. `transport` belongs to the result, or is closed.
 *
 * @param place Who is at the other end then.
 * @param signal Gives up when it aborts.
 * @throws {TeleError} As {@linkcode Negotiation}; what `transport` fails with.
 *
 * @example
 * ```ts
 * import { duplexPair } from "../pipe.ts";
 * import { ConnectNegotiation } from "./connect.ts";
 * import { negotiate } from "./proxy_dial.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [near, proxy] = duplexPair();
 * const negotiation = new ConnectNegotiation({ host: "example.com", port: 40300 });
 * const negotiating = negotiate(near, negotiation, "example.com:40300");
 * await proxy.read(new Uint8Array(512));
 * await proxy.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n"));
 * assertEquals((await negotiating).peer, "example.com:40300");
 * ```
 */
export async function negotiate(
  transport: Duplex,
  negotiation: Negotiation,
  place: string,
  signal?: AbortSignal,
): Promise<Duplex> {
  const giveUp = () => transport.close();
  signal?.addEventListener("abort", giveUp, { once: true });
  try {
    signal?.throwIfAborted();
    await transport.write(negotiation.hello);
    const into = new Uint8Array(READ_BYTES);
    for (let hasAnswered = false;; hasAnswered = true) {
      const count = await transport.read(into);
      if (count === null) throw proxyLeft(hasAnswered);
      const step = negotiation.take(into.subarray(0, count));
      if (step.kind === "open") return new PrefixedDuplex(transport, step.rest, place);
      if (step.kind === "send") await transport.write(step.bytes);
    }
  } catch (error) {
    transport.close();
    throw error;
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
}

/** A proxy is trusted as by the other programs of this machine; checked certificates are kept with it. */
const trusts: WeakMap<Proxy, TlsDialSettings> = new WeakMap();

function trustIn(proxy: Proxy): TlsDialSettings {
  const known = trusts.get(proxy);
  if (known !== undefined) return known;
  let ca: string | undefined;
  try {
    ca = systemCertificates();
  } catch {
    // Then the authorities that the runtime knows.
  }
  const made = { protocols: ["http/1.1"], ca, leadsOn: true };
  trusts.set(proxy, made);
  return made;
}

async function secure(socket: Duplex, proxy: Proxy, signal: AbortSignal | undefined): Promise<Duplex> {
  const peer = { address: formatProxy(proxy), names: [proxy.host] } as const;
  try {
    return (await secureClient(socket, peer, trustIn(proxy), signal)).duplex;
  } catch (error) {
    // Its sentences are about the tele server and name the options for that.
    throw error instanceof TeleError ? new TeleError(error.code, explain(error), { cause: error }) : error;
  }
}

function explain({ code }: TeleError): string {
  switch (code) {
    case "untrusted":
    case "doubted":
      return "has a certificate that this machine does not trust, or that is for another name, or not valid now: write " +
        "the name that it is for, and let this machine trust its CA";
    case "carrier-lost":
      return "ended the connection during the TLS handshake: if it speaks no TLS, write http:// or socks5:// in front of it";
    default:
      return "speaks no TLS: write http:// or socks5:// in front of it";
  }
}
