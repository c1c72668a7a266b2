import { assertEquals, assertRejects } from "@std/assert";
import { isNodeSound } from "../../../../lib/net/runtime.ts";
import { sendDatagram } from "../../../../lib/tunnel/service/notify_socket.ts";

// Only Linux has abstract names and systemd.
if (isNodeSound() && Deno.build.os === "linux") {
  Deno.test({
    name: "a word arrives at a path and at an abstract name, with the permissions of a service, and leaves no file",
    // As the compiled program has them: Deno lets -A pass where it looks closely at others.
    permissions: { read: true, write: true, net: true },
    async fn() {
      const folder = await Deno.makeTempDir();
      try {
        for (const path of [`${folder}/notify`, `\0tele-test-${crypto.randomUUID()}`]) {
          const socket = Deno.listenDatagram({ transport: "unixpacket", path });
          await sendDatagram(path, "READY=1\nSTATUS=ä");
          const [bytes] = await socket.receive();
          socket.close();
          assertEquals(new TextDecoder().decode(bytes), "READY=1\nSTATUS=ä");
        }
        assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["notify"]);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });

  Deno.test("a socket that nobody has is an error", async () => {
    await assertRejects(() => sendDatagram(`\0tele-test-${crypto.randomUUID()}`, "READY=1"), Error, "refused");
  });
}

if (!isNodeSound()) {
  Deno.test("a Deno without such sockets says which one has them", async () => {
    await assertRejects(() => sendDatagram("/nowhere", "READY=1"), Error, "take 2.9 or later");
  });
}
