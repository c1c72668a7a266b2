import { assertEquals, assertRejects } from "@std/assert";
import { sendDatagram } from "../../../../lib/tunnel/service/notify_socket.ts";

const isLinux = Deno.build.os === "linux";

Deno.test({
  name: "a word arrives at a path and at an abstract name, and leaves no file behind",
  ignore: !isLinux,
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

Deno.test({
  name: "a socket that nobody has is an error",
  ignore: !isLinux,
  async fn() {
    await assertRejects(() => sendDatagram(`\0tele-test-${crypto.randomUUID()}`, "READY=1"), Error, "refused");
  },
});
