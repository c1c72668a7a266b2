/** What is on a `Deno.Conn`. */
import { assertEquals } from "@std/assert";
import { DenoDuplex } from "../../../lib/net/deno_duplex.ts";
import { denoPair } from "../../support/sockets.ts";
import { pause } from "../../support/wait.ts";

Deno.test("a connection knows the address it left from", async () => {
  const { near, close } = await denoPair();
  assertEquals(near.localAddress, "127.0.0.1");
  close();
  await pause(5);
});

Deno.test("a Deno connection of any kind becomes a duplex, once", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [conn, other] = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
    listener.accept(),
  ]);
  const duplex = new DenoDuplex(conn);
  assertEquals(duplex.peer, `127.0.0.1:${listener.addr.port}`);
  other.close();
  assertEquals(await duplex.read(new Uint8Array(1)), null);
  duplex.close();
});
