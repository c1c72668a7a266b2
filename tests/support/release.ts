/**
 * A place from which install scripts download.
 *
 * @module
 */
import { packTar } from "modern-tar";
import { sha256 } from "./random.ts";

/** The file that install scripts look for on this machine. */
export const ARCHIVE = `tele-${Deno.build.target}.tar.gz`;

/** A web server with the files of a release. */
export class Release implements AsyncDisposable {
  /** The files by name; change them to break the release. */
  readonly files: Map<string, Uint8Array<ArrayBuffer>> = new Map();
  /** The names that were asked for. */
  readonly asked: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr> = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
  }, (request) => {
    const name = new URL(request.url).pathname.slice(1);
    this.asked.push(name);
    const bytes = this.files.get(name);
    return bytes === undefined ? new Response("not found", { status: 404 }) : new Response(bytes);
  });

  /** A release for this machine whose program is a shell script that tells `version`. */
  static async ofScript(version: string): Promise<Release> {
    const release = new Release();
    const bytes = new TextEncoder().encode(`#!/bin/sh\necho "${version}"\n`);
    const tar = await packTar([{ header: { name: "tele", size: bytes.length, mode: 0o755 }, body: bytes }]);
    const packed = new Blob([tar as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream("gzip"));
    release.files.set(ARCHIVE, new Uint8Array(await new Response(packed).arrayBuffer()));
    release.sum();
    return release;
  }

  /** A release of the files in a folder. */
  static async ofFolder(folder: string): Promise<Release> {
    const release = new Release();
    for await (const { name } of Deno.readDir(folder)) {
      release.files.set(name, await Deno.readFile(`${folder}/${name}`));
    }
    return release;
  }

  /** Where the files are. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Writes `SHA256SUMS` for the files that are there. */
  sum(): void {
    this.files.delete("SHA256SUMS");
    const lines = Array.from(this.files, ([name, bytes]) => `${sha256(bytes)}  ${name}\n`);
    this.files.set("SHA256SUMS", new TextEncoder().encode(lines.join("")));
  }

  /** Stops serving. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
