/** Unix sockets on handles of the runtime, as the programs at their other ends see them. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { dial } from "../../../lib/net/dial.ts";
import { hasUnixDuplex, UnixDuplex } from "../../../lib/net/unix_duplex.ts";
import { inFolder } from "../../support/folder.ts";
import { readAll } from "../../support/reading.ts";
import { listenFor } from "../../support/sockets.ts";
import { until, within } from "../../support/wait.ts";

// Not on Deno 2.6.8, which has no such handles: and a skipped test is a failure in CI.
if (hasUnixDuplex()) {
  Deno.test("who listens and who dials have handles, also with another program at the other end", () =>
    inFolder(async (folder) => {
      const path = `${folder}/socket`;
      using listening = await listenFor({ kind: "unix", path });
      using program = await Deno.connect({ transport: "unix", path });
      await until(() => listening.accepted.length === 1, 5_000, "the connection");
      const accepted = listening.accepted[0]!;
      assert(accepted instanceof UnixDuplex);
      await program.write(new Uint8Array([1, 2]));
      assertEquals(await accepted.read(new Uint8Array(8)), 2);
      await accepted.write(new Uint8Array([3]));
      assertEquals(await program.read(new Uint8Array(8)), 1);
      const dialed = await dial({ kind: "unix", path });
      assert(dialed instanceof UnixDuplex);
      assertEquals([dialed.peer, accepted.peer], [`unix:${path}`, `unix:${path}`]);
      dialed.close();
    }));

  // Of TCP the runtime fails what has to wait then: see NodeDuplex.
  Deno.test("a program that ends its direction before its first byte is sent all that waits", () =>
    inFolder(async (folder) => {
      const path = `${folder}/socket`;
      using listening = await listenFor({ kind: "unix", path });
      using program = await Deno.connect({ transport: "unix", path });
      await program.closeWrite();
      await until(() => listening.accepted.length === 1, 5_000, "the connection");
      const accepted = listening.accepted[0]!;
      assertEquals(await accepted.read(new Uint8Array(1)), null);
      const writing = accepted.write(new Uint8Array(4 << 20)).then(() => accepted.closeWrite());
      let count = 0;
      const into = new Uint8Array(64 * 1024);
      for (let read = await program.read(into); read !== null; read = await program.read(into)) count += read;
      await within(writing, 5_000, "the write");
      assertEquals(count, 4 << 20);
    }));

  Deno.test("an abort ends both directions, and fails who had sent what was not read", () =>
    inFolder(async (folder) => {
      const path = `${folder}/socket`;
      using listening = await listenFor({ kind: "unix", path });
      for (const [isUnread, ending] of [[false, "end"], [true, "ConnectionReset"]] as const) {
        const before = listening.accepted.length;
        using program = await Deno.connect({ transport: "unix", path });
        await until(() => listening.accepted.length > before, 5_000, "the connection");
        if (isUnread) await program.write(new Uint8Array(1));
        listening.accepted[before]!.abort();
        const read = program.read(new Uint8Array(1)).then((count) => count === null ? "end" : "bytes", (e) => e.name);
        assertEquals(await within(read, 5_000, "the end"), ending);
      }
    }));

  Deno.test("where nobody listens connecting fails with the system's code", () =>
    inFolder(async (folder) => {
      const error = await assertRejects(() => UnixDuplex.connect(`${folder}/none`)) as Error & { code: string };
      assertEquals(error.code, "ENOENT");
    }));

  Deno.test("a path that is too long is no other path", () =>
    inFolder(async (folder) => {
      const path = `${folder}/${"x".repeat(150)}`;
      await assertRejects(() => listenFor({ kind: "unix", path }));
      await assertRejects(() => dial({ kind: "unix", path }));
      assertEquals([...Deno.readDirSync(folder)].length, 0);
    }));

  Deno.test("thousands of messages come whole and in order, both ways at once", () =>
    inFolder(async (folder) => {
      const path = `${folder}/socket`;
      using listening = await listenFor({ kind: "unix", path });
      const dialed = await dial({ kind: "unix", path });
      await until(() => listening.accepted.length === 1, 5_000, "the connection");
      const send = async (duplex: typeof dialed) => {
        for (let at = 0; at < 5_000; at++) await duplex.write(new Uint8Array(at % 4_000 + 1).fill(at));
        await duplex.closeWrite();
      };
      const ends = [dialed, listening.accepted[0]!];
      const [one, other] = (await Promise.all([...ends.map((end) => readAll(end)), ...ends.map(send)])) as Uint8Array[];
      for (const all of [one!, other!]) {
        let from = 0;
        for (let at = 0; at < 5_000; at++) {
          assertEquals([all[from], all[from + at % 4_000]], [at % 256, at % 256], `message ${at}`);
          from += at % 4_000 + 1;
        }
        assertEquals(all.length, from);
      }
      dialed.close();
    }));
}
