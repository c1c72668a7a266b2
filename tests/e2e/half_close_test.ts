/** A half-close that comes early leaves no descriptor open; the whole process is counted, so nothing runs beside it. */
import { assertEquals } from "@std/assert";
import { dial } from "../../lib/net/dial.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { pause } from "../support/wait.ts";

async function connect(): Promise<{ user: Duplex; peer: Deno.Conn }> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const dialing = dial({ kind: "tcp", host: "127.0.0.1", port: listener.addr.port });
  return { peer: await listener.accept(), user: await dialing };
}

Deno.test("a peer that half-closes before it has sent a byte leaves nothing open", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  const count = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const run = async () => {
    const { user, peer } = await connect();
    using _ = peer;
    await peer.closeWrite();
    assertEquals(await user.read(new Uint8Array(1)), null);
    await user.write(new Uint8Array(1));
    user.close();
  };
  await run();
  const before = count();
  for (let index = 0; index < 20; index++) await run();
  await pause(50);
  assertEquals(count(), before);
});
