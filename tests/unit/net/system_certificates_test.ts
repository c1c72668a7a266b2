/** The certificates that this machine trusts: those that can be read, whatever else lies beside them. */
import { assertEquals, assertThrows } from "@std/assert";
import tls from "node:tls";
import { TeleError } from "../../../lib/net/error.ts";
import { readCertificates } from "../../../lib/net/pem.ts";
import { systemCertificates } from "../../../lib/net/system_certificates.ts";
import { TestCa } from "../../support/certificates.ts";
import { tlsTest } from "../../support/tls_world.ts";

/** What the runtime and the files of this machine have, while a test runs. */
function machine(runtime: () => string[], file?: string): Disposable {
  const { readTextFileSync } = Deno;
  const module = tls as unknown as { getCACertificates: unknown };
  const { getCACertificates } = module;
  module.getCACertificates = runtime;
  const read = () => {
    if (file === undefined) throw new Deno.errors.NotFound();
    return file;
  };
  Object.assign(Deno, { readTextFileSync: read });
  return {
    [Symbol.dispose]() {
      module.getCACertificates = getCACertificates;
      Object.assign(Deno, { readTextFileSync });
    },
  };
}

const cannot = () => {
  throw new Error("this runtime cannot");
};

tlsTest("the runtime is asked, and what cannot be read is left out", async () => {
  const { cert } = await TestCa.make("a CA");
  const damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  using _ = machine(() => [damaged, cert]);
  assertEquals(readCertificates("--tls-ca", systemCertificates()).map(({ subject }) => subject), ["CN=a CA"]);
});

tlsTest("where the runtime does not know, the system's file is read", async () => {
  const [one, other] = await Promise.all([TestCa.make("one"), TestCa.make("other")]);
  using _ = machine(cannot, `# a list\n${one.cert}\n# and\n${other.cert}`);
  const subjects = readCertificates("--tls-ca", systemCertificates()).map(({ subject }) => subject);
  assertEquals(subjects, ["CN=one", "CN=other"]);
});

tlsTest("a machine without any is told what to give instead", () => {
  for (const runtime of [cannot, () => []]) {
    using _ = machine(runtime);
    const error = assertThrows(systemCertificates, TeleError, "give a file of them with --tls-ca=FILE");
    assertEquals(error.code, "bad-input");
  }
});
