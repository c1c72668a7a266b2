/** The first TLS of a process: once, behind what is due, and gone. */
import { assert, assertEquals } from "@std/assert";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { makeSealCertificate } from "../../../lib/net/seal_certificate.ts";
import { sealClient } from "../../../lib/net/seal_client.ts";
import { SealServer } from "../../../lib/net/seal_server.ts";
import { TlsWarmUp } from "../../../lib/net/tls_warm_up.ts";
import { tlsTest } from "../../support/tls_world.ts";

Deno.test("TLS is begun once, and not before what was asked for in the same turn has begun", async () => {
  const told: string[] = [];
  const warmUp = new TlsWarmUp(() => told.push("TLS"));
  const both = [warmUp.start(), warmUp.start()];
  Promise.resolve().then(() => told.push("a connection"));
  await Promise.all(both);
  await warmUp.start();
  assertEquals(told, ["a connection", "TLS"]);
});

Deno.test("what fails is left to the handshake behind it", async () => {
  let times = 0;
  const warmUp = new TlsWarmUp(() => {
    times++;
    throw new Error("no TLS here");
  });
  await warmUp.start();
  await warmUp.start();
  assertEquals(times, 1);
});

tlsTest("what was begun with nobody is gone, and harms no TLS behind it", async () => {
  const faults: unknown[] = [];
  const onFault = (event: ErrorEvent | PromiseRejectionEvent) => {
    event.preventDefault();
    faults.push(event);
  };
  for (const kind of ["error", "unhandledrejection"]) addEventListener(kind, onFault as EventListener);
  await new TlsWarmUp().start();
  const [near, far] = duplexPair();
  const [client, server] = await Promise.all([
    sealClient(near, { address: "there", protocol: "tele/2" }),
    new SealServer(makeSealCertificate(), "tele/2").unseal(far),
  ]);
  for (const kind of ["error", "unhandledrejection"]) removeEventListener(kind, onFault as EventListener);
  assertEquals(faults, []);
  assert(client.leaf !== undefined && server.leaf !== undefined);
  client.close();
  server.close();
});
