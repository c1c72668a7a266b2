/**
 * TLS servers that are no tele servers.
 *
 * @module
 */
import tls from "node:tls";
import type { Pair } from "./certificates.ts";

/** Takes TLS connections with a certificate of the test's choice, and says what it is told to. */
export class TlsStranger implements AsyncDisposable {
  /** Connections so far, those whose handshake failed included. */
  accepted = 0;
  /** Bytes that came inside TLS. */
  receivedBytes = 0;
  readonly #server: tls.Server;

  private constructor(server: tls.Server, greeting: Uint8Array | undefined) {
    this.#server = server;
    server.on("connection", () => void this.accepted++);
    server.on("tlsClientError", () => {});
    server.on("secureConnection", (socket) => {
      socket.on("error", () => {});
      socket.on("data", (chunk: Uint8Array) => this.receivedBytes += chunk.length);
      if (greeting !== undefined) socket.write(greeting);
    });
  }

  /** Listens on a free port of 127.0.0.1, with these names by ALPN. */
  static start(pair: Pair, protocols: string[], greeting?: Uint8Array): Promise<TlsStranger> {
    return new Promise((resolve, reject) => {
      const server = tls.createServer({ ...pair, ALPNProtocols: protocols });
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => resolve(new TlsStranger(server, greeting)));
    });
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => void this.#server.close(() => resolve()));
  }
}

/** The serial number of the certificate that the server on `port` shows now, as a new client sees it. */
export function serialNumberAt(port: number, ca: string, protocols: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: "127.0.0.1", port, ca, ALPNProtocols: protocols }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.on("error", reject);
  });
}
