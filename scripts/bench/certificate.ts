/**
 * A certificate for the contenders that encrypt with TLS: the same for all, so that they do the same work.
 *
 * @module
 */
import type { Scenario } from "../../tests/support/scenario.ts";
import { runProgram } from "./program.ts";

const OPENSSL_MS = 20_000;

/** Files in PEM. */
export interface CertificateFiles {
  certificate: string;
  key: string;
}

/** Makes an EC P-256 certificate for an IP address; it signs itself. */
export async function makeCertificate(s: Scenario, address: string): Promise<CertificateFiles> {
  const folder = await Deno.makeTempDir({ dir: s.home, prefix: "certificate-" });
  const [certificate, key] = [`${folder}/certificate.pem`, `${folder}/key.pem`];
  const command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  command.push("-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=bench");
  // Deno refuses a certificate authority as a server's certificate, which `-x509` alone would make.
  command.push("-addext", "basicConstraints=critical,CA:FALSE", "-addext", `subjectAltName=IP:${address}`);
  await runProgram(command, OPENSSL_MS);
  return { certificate, key };
}
