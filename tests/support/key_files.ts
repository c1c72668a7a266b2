/**
 * The files that a test's tele processes are given: certificates, keys and tokens.
 *
 * @module
 */
import { type Pair, TestCa } from "./certificates.ts";

/** Writes key files into one folder, and names the arguments that use them. */
export class KeyFiles {
  /** The CA of the server's certificate. */
  readonly ca: TestCa;
  /** The token in the file of {@linkcode KeyFiles.tokenArgs}. */
  readonly token: string = makeTestToken();
  readonly #folder: string;

  private constructor(folder: string, ca: TestCa) {
    this.#folder = folder;
    this.ca = ca;
  }

  /** Makes a CA and a token, in a folder that exists. */
  static async make(folder: string): Promise<KeyFiles> {
    const files = new KeyFiles(folder, await TestCa.make("the CA of a test"));
    await files.write("ca.pem", files.ca.cert);
    await files.write("token", files.token);
    return files;
  }

  /** Arguments of a server with TLS, whose certificate this CA issues, unless it is given. */
  async serverArgs(name: string, pair?: Pair): Promise<string[]> {
    return await this.pairArgs(name, pair ?? await this.ca.issue());
  }

  /** Arguments of a client that trusts this CA. */
  get clientArgs(): string[] {
    return [`--tls-ca=${this.path("ca.pem")}`];
  }

  /** Arguments of either role with the token. */
  get tokenArgs(): string[] {
    return [`--token-file=${this.path("token")}`];
  }

  /** Writes a certificate and its key, and names them: for a server, or as a client's own. */
  async pairArgs(name: string, pair: Pair): Promise<string[]> {
    const cert = await this.write(`${name}-cert.pem`, pair.cert);
    return [`--tls-cert=${cert}`, `--tls-key=${await this.write(`${name}-key.pem`, pair.key)}`];
  }

  /** Writes a file that only this user can read; its path. */
  async write(name: string, text: string): Promise<string> {
    await Deno.writeTextFile(this.path(name), text, { mode: 0o600 });
    return this.path(name);
  }

  /** The path of a file of this name. */
  path(name: string): string {
    return `${this.#folder}/${name}`;
  }
}

/** A token as `tele --make-token` prints it, made here so that a test does not start a process for it. */
export function makeTestToken(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: "base64url", omitPadding: true });
}
