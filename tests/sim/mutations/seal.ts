/**
 * Faults of the seal. Its TLS is real, so unit tests are to catch them.
 *
 * @module
 */
import { fault, type Mutation, tested } from "./mutation.ts";

const DIALER = "tests/unit/tunnel/roles/outer_dialer_test.ts";

/** All of them. */
export const SEAL: readonly Mutation[] = [
  tested(
    "seal: the leaf compared with nothing",
    "session/handshake/seal.ts",
    "if (seen === undefined || !isSame(said, seen)) throw sealedByAnother();",
    "if (seen === undefined) throw sealedByAnother();",
  ),
  tested(
    "seal: a carrier that nobody has sealed taken where the client saw a certificate",
    "session/handshake/seal.ts",
    "if (seen === undefined || !isSame(said, seen)) throw sealedByAnother();",
    "if (seen !== undefined && !isSame(said, seen)) throw sealedByAnother();\n  if (seen === undefined) return said;",
  ),
  tested(
    "seal: zeros taken under always",
    "session/handshake/seal.ts",
    'if (encryption === "always") throw sealedInFrontOnly();',
    'if (encryption === "always" && seen === undefined) throw sealedInFrontOnly();',
  ),
  tested(
    "seal: plain taken under auto",
    "session/handshake/seal.ts",
    'if (encryption !== "never") throw clientNeverSeals();',
    'if (encryption === "always") throw clientNeverSeals();',
  ),
  tested(
    "seal: what anybody can have said in plain told as the server's word",
    "session/handshake/seal.ts",
    "if (code === EndCode.seal) return unproven(neverAtServer());",
    "if (code === EndCode.seal) return new RefusalError(neverAtServer());",
  ),
  tested(
    "seal: words of who has proven nothing told as this side's own",
    "session/handshake/hearsay.ts",
    "if (!(error instanceof RefusalError) || isVerified(leaf)) throw error;",
    "if (!(error instanceof RefusalError) || leaf !== undefined) throw error;",
  ),
  {
    ...fault(
      "seal: the leaf left out of the client's proof",
      "session/handshake/client_handshake.ts",
      "this.#opening.with(body).with(this.#leaf)",
      "this.#opening.with(body)",
    ),
    test: "tests/unit/session/handshake/seal_test.ts",
  },
  {
    ...fault(
      "seal: what the hello says is proven, and not what is seen",
      "session/handshake/server_handshake.ts",
      "this.#leaf = agreedLeaf(this.#encryption, hello.fields.get(FieldType.leaf), this.channel.duplex.leaf);",
      "agreedLeaf(this.#encryption, hello.fields.get(FieldType.leaf), this.channel.duplex.leaf);",
    ),
    test: "tests/unit/session/handshake/seal_test.ts",
  },
  tested(
    "seal: a certificate of X.509 version 1 taken, of which nobody proves the key",
    "net/seal_client.ts",
    'if (versionOf(leaf) !== 3) return "CERT_VERSION_TOO_OLD";',
    "versionOf(leaf);",
  ),
  tested(
    "seal: a certificate taken that is not quite DER",
    "net/seal_client.ts",
    'return isWellFormed(new X509Certificate(leaf)) ? undefined : "CERT_UNREADABLE";',
    "isWellFormed(new X509Certificate(leaf));\n    return undefined;",
  ),
  tested(
    "seal: an alert that anybody can send told as the last word",
    "net/seal_client.ts",
    'return say("doubted", "the server wants a client certificate',
    'return say("untrusted", "the server wants a client certificate',
  ),
  tested(
    "seal: TLS 1.2 taken",
    "net/seal_client.ts",
    'minVersion: "TLSv1.3"',
    'minVersion: "TLSv1.2"',
  ),
  {
    ...fault(
      "seal: a client with a token goes on in plain where TLS fails",
      "tunnel/roles/outer_dialer.ts",
      "      const inside = await sealed(carrier, formatWay(out), signal, ticket);",
      "      const inside = await sealed(carrier, formatWay(out), signal, ticket).catch(() => dialWay(wayOf(path), signal));",
    ),
    test: DIALER,
  },
  {
    ...fault(
      "seal: auto does not seal",
      "tunnel/command_line/client_paths.ts",
      'encryption === "always" || (encryption === "auto" && tls === undefined)',
      'encryption === "always" || (encryption === undefined && tls === undefined)',
    ),
    test: DIALER,
  },
  {
    ...fault(
      "seal: the server's certificate not verified where one is asked for",
      "net/tls_client.ts",
      "        rejectUnauthorized: true,",
      "        rejectUnauthorized: false,",
    ),
    test: DIALER,
  },
];
