/** The client's end of TLS over a connection that is there; whom it trusts is tried with both ends elsewhere. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { checkDialSettings, secureClient } from "../../../lib/net/tls_client.ts";
import { failureOf, tlsTest } from "../../support/tls_world.ts";

const PEER = { address: "example.com:443", names: ["example.com"] } as const;

tlsTest("a peer that answers something else is told, and its connection is closed", async () => {
  const [near, far] = duplexPair();
  const securing = failureOf(secureClient(near, PEER, { protocols: ["tele/2"] }));
  await far.write(new TextEncoder().encode("SSH-2.0-OpenSSH_9.9\r\n"));
  await far.closeWrite();
  const sentence = "an SSH server answers there, not a tele server: give the host and port at which that listens";
  assertEquals(await securing, `refused: ADDRESS: ${sentence}`);
  await assertRejects(() => near.read(new Uint8Array(1)));
});

tlsTest("a handshake that is given up closes the connection beneath at once", async () => {
  const [near] = duplexPair();
  const gone = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => secureClient(near, PEER, { protocols: [] }, gone), Error, "enough");
  await assertRejects(() => near.write(new Uint8Array(1)));
});

tlsTest("wrong settings are found before anything is dialed", () => {
  assertThrows(() => checkDialSettings({ protocols: [], ca: "no certificate" }), Error, "--tls-ca");
});
