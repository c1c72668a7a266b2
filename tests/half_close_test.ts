/** A user's program that ends its own direction first, and then reads slowly. */
import { assert, assertEquals } from "@std/assert";
import { dial } from "../lib/net/dial.ts";

const ALL_BYTES = 16 << 20;

Deno.test("a peer that half-closes early and reads slowly gets everything, or a failure: never a clean end on a part", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const dialing = dial({ kind: "tcp", host: "127.0.0.1", port: listener.addr.port }, "user");
  using peer = await listener.accept();
  const user = await dialing;
  await peer.closeWrite();
  assertEquals(await user.read(new Uint8Array(1)), null);

  const sending = (async () => {
    const piece = new Uint8Array(64 * 1024);
    for (let sent = 0; sent < ALL_BYTES; sent += piece.length) await user.write(piece);
    await user.closeWrite();
    return "sent";
  })().catch(() => "failed");
  // So that the kernel's buffers are full, and a write has to wait.
  await new Promise((resolve) => setTimeout(resolve, 300));
  let received = 0;
  let end = "end";
  try {
    const into = new Uint8Array(64 * 1024);
    for (let count = await peer.read(into); count !== null; count = await peer.read(into)) received += count;
  } catch {
    end = "failed";
  }
  assert(received === ALL_BYTES || end === "failed", `a clean end behind ${received} bytes`);
  assertEquals(await sending, received === ALL_BYTES ? "sent" : "failed");
  user.close();
});
