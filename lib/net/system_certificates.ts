/**
 * Whom this machine trusts.
 *
 * @module
 */
import tls from "node:tls";
import { TeleError } from "./error.ts";
import { isOfOldVersion, pemOf, readCertificates } from "./pem.ts";

/** Where systems keep them in one file: Debian and Alpine, Fedora, SUSE, macOS and the BSDs. */
const FILES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/**
 * The certificates that this machine trusts, in PEM, without those that `tele` does not trust, such as of version 1.
 *
 * @throws {TeleError} `bad-input` if there are none.
 *
 * @example
 * ```ts ignore
 * import { systemCertificates } from "./system_certificates.ts";
 *
 * console.log(systemCertificates());
 * ```
 */
export function systemCertificates(): string {
  const trusted = (askRuntime() ?? readFirst(FILES)).flatMap((pem) => {
    try {
      return readCertificates("--tls-ca", pem).filter((certificate) => !isOfOldVersion(certificate));
    } catch {
      // Somebody put it there that nobody can read; the others are as good as before.
      return [];
    }
  });
  if (trusted.length > 0) return pemOf(trusted);
  throw new TeleError(
    "bad-input",
    "--tls-ca=system: no certificates that this machine trusts were found; give a file of them with --tls-ca=FILE",
  );
}

/** Only with all of `--allow-sys`. */
function askRuntime(): string[] | undefined {
  try {
    const { getCACertificates } = tls as unknown as { getCACertificates(kind: "system"): string[] };
    return getCACertificates("system");
  } catch {
    return undefined;
  }
}

function readFirst(paths: readonly string[]): string[] {
  for (const path of paths) {
    try {
      return Deno.readTextFileSync(path).match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
    } catch {
      // Another system's.
    }
  }
  return [];
}
