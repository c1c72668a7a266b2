/**
 * Somebody between tele client and tele server who ends the seal with a certificate of his own.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { DenoDuplex } from "../../lib/net/deno_duplex.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { NO_LEAF } from "../../lib/net/leaf.ts";
import { sealClient } from "../../lib/net/seal_client.ts";
import { SealServer } from "../../lib/net/seal_server.ts";
import { framed } from "../../lib/ping/codec.ts";
import { HandshakeChannel } from "../../lib/session/handshake/channel.ts";
import { leafField } from "../../lib/session/handshake/fields.ts";
import { decodeHello, encodeHello } from "../../lib/session/handshake/messages.ts";
import type { Pair } from "./certificates.ts";

/** What a {@linkcode Middleman} does. */
export interface MiddlemanOptions {
  /** How it speaks to the server: in plain, or as a client that seals. */
  towards: "plain" | "sealed";
  /** Whether it makes the client's hello fit what the server sees. @default {false} */
  knowsProtocol?: boolean;
}

/** Passes on all that both say. */
export class Middleman implements AsyncDisposable {
  /** Where it listens. */
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #ends = new Set<Duplex>();
  readonly #seal: SealServer;
  readonly #accepting: Promise<void>;

  private constructor(to: number, pair: Pair, options: MiddlemanOptions) {
    this.#seal = new SealServer(pair, "tele/2");
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#accepting = this.#accept(to, options);
  }

  /** Listens on a free port of 127.0.0.1, in front of the tele server on `to`. */
  static start(to: number, pair: Pair, options: MiddlemanOptions): Promise<Middleman> {
    return Promise.resolve(new Middleman(to, pair, options));
  }

  async #accept(to: number, options: MiddlemanOptions): Promise<void> {
    for await (const connection of this.#listener) {
      this.#pass(new DenoDuplex(connection), to, options).catch(() => {});
    }
  }

  async #pass(client: Duplex, to: number, { towards, knowsProtocol }: MiddlemanOptions): Promise<void> {
    this.#ends.add(client);
    const near = await this.#seal.unseal(client);
    const far: Duplex = new DenoDuplex(await Deno.connect({ hostname: "127.0.0.1", port: to }));
    this.#ends.add(far);
    const server = towards === "plain" ? far : await sealClient(far, { address: "the server", protocol: "tele/2" });
    if (knowsProtocol) await server.write(await fittingHello(near, server.leaf ?? NO_LEAF));
    await Promise.all([carry(near, server), carry(server, near)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const end of this.#ends) end.close();
    await this.#accepting;
  }
}

/** The client's hello, which says that it has seen `leaf`. */
async function fittingHello(near: Duplex, leaf: Uint8Array): Promise<Uint8Array> {
  const channel = new HandshakeChannel(near, "client");
  const hello = decodeHello(await channel.receive());
  const fields = new Map([...hello.fields, ...leafField(leaf)]);
  return concat([framed(encodeHello({ ...hello, fields })), channel.leftover()]);
}

async function carry(from: Duplex, to: Duplex): Promise<void> {
  const into = new Uint8Array(1 << 16);
  try {
    for (let count = await from.read(into); count !== null; count = await from.read(into)) {
      await to.write(into.subarray(0, count));
    }
    await to.closeWrite();
  } catch {
    from.close();
    to.close();
  }
}
