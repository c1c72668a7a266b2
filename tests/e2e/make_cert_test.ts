/** The pair of `tele --make-cert` with `node:tls`, whose server does not start on Deno 2.6. */
import { assert, assertEquals } from "@std/assert";
import tls from "node:tls";
import { parseHostNames } from "../../lib/tunnel/values/host_name.ts";
import { makeCertificate } from "../../lib/tunnel/files/make_cert.ts";
import { within } from "../support/wait.ts";

const HOSTS = parseHostNames("localhost,127.0.0.1");
const NOW = Date.now();

Deno.test("node:tls takes the pair as server's and as client's certificate, and no other client's", async () => {
  // Two clients of the same name: a file for --tls-client-ca is such certificates one after the other.
  const [server, client, another] = await Promise.all([1, 2, 3].map(() => makeCertificate(HOSTS, NOW)));
  assert(server !== undefined && client !== undefined && another !== undefined);
  const ofServer = { cert: server.certificate, key: server.key };
  const listener = tls.createServer({
    ...ofServer,
    requestCert: true,
    rejectUnauthorized: true,
    ca: client.certificate + another.certificate,
  });
  listener.on("secureConnection", (socket) => socket.on("error", () => {}).end("welcome"));
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as { port: number };
  const dial = async (pair: { certificate: string; key: string }) => {
    const options = { hostname: "127.0.0.1", port, caCerts: [server.certificate] };
    using conn = await Deno.connectTls({ ...options, cert: pair.certificate, key: pair.key });
    const bytes = new Uint8Array(16);
    const count = await within(conn.read(bytes), 10_000, "the server's word");
    return new TextDecoder().decode(bytes.subarray(0, count ?? 0));
  };
  try {
    assertEquals(await dial(client), "welcome");
    assertEquals(await dial(another), "welcome");
    const stranger = await makeCertificate(HOSTS, NOW);
    const outcome = await dial(stranger).catch(() => "refused");
    assert(outcome !== "welcome", "a certificate that nobody vouches for");
  } finally {
    await new Promise((resolve) => listener.close(resolve));
  }
});
