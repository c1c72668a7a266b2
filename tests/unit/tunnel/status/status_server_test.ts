/** The status address of a process. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { parseAddress } from "../../../../lib/net/address.ts";
import { systemClock } from "../../../../lib/net/clock.ts";
import { TeleError } from "../../../../lib/net/error.ts";
import { MemoryBudget } from "../../../../lib/session/memory_budget.ts";
import { openStatus } from "../../../../lib/tunnel/status/status_server.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { inFolder } from "../../../support/folder.ts";

const NEEDS = { clock: systemClock, memory: new MemoryBudget(1_000_000), version: "1.2.3" };

/** Opens the address; `lines` is what is logged of it. */
async function open(address: string, tokenFile?: string) {
  const lines: string[] = [];
  const log = (level: string, message: string) => void lines.push(`${level}: ${message}`);
  return { lines, ...await openStatus({ address: parseAddress(address), tokenFile }, { ...NEEDS, log }) };
}

Deno.test("without a host it is on loopback, says where, and answers", async () => {
  const { addresses, lines, close } = await open(":0");
  assert(addresses.every((address) => /^(127\.0\.0\.1|\[::1\]):\d+$/.test(address)), String(addresses));
  assertStringIncludes(lines.join(), `info: the status is at http://${addresses[0]}/`);
  const answer = await fetch(`http://${addresses[0]}/healthz`);
  assertEquals([answer.status, await answer.text()], [200, "ok\n"]);
  close();
  await assertRejects(() => fetch(`http://${addresses[0]}/healthz`));
});

Deno.test("beyond loopback it wants a secret", async () => {
  for (const address of ["0.0.0.0:0", "[::]:0", "example.com:0"]) {
    const error = await assertRejects(() => open(address), TeleError);
    assertStringIncludes(error.message, "--status-token-file=FILE");
  }
});

Deno.test("the secret of the file is asked for, and one that is wrong is an error that says what to write", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/token`;
    await Deno.writeTextFile(file, "correct-horse-battery\n");
    const { addresses, close } = await open("127.0.0.1:0", file);
    const url = `http://${addresses[0]}/healthz`;
    const status = async (headers: Record<string, string>) => {
      const answer = await fetch(url, { headers });
      await answer.body?.cancel();
      return answer.status;
    };
    assertEquals([await status({}), await status({ Authorization: "Bearer correct-horse-battery" })], [401, 200]);
    close();
    for (const [text, words] of [["short", "16 letters"], ["two words that are long", "one word"]] as const) {
      await Deno.writeTextFile(file, text);
      assertStringIncludes((await assertRejects(() => open("127.0.0.1:0", file), TeleError)).message, words);
    }
    await assertRejects(() => open("127.0.0.1:0", `${folder}/none`), TeleError, "--status-token-file");
  });
});

Deno.test("who reads events by a secret that is replaced is sent away, and has to show the new one", async () => {
  await inFolder(async (folder) => {
    const clock = new FakeClock();
    const file = `${folder}/token`;
    await Deno.writeTextFile(file, "correct-horse-battery\n");
    const options = { address: parseAddress("127.0.0.1:0"), tokenFile: file };
    const { addresses, close } = await openStatus(options, { ...NEEDS, clock, log: () => {} });
    const url = `http://${addresses[0]}/api/events`;
    const headers = { Authorization: "Bearer correct-horse-battery" };
    const reading = await fetch(url, { headers });
    let isOver = false;
    const over = reading.text().then(() => isOver = true);
    await Deno.writeTextFile(file, "another-horse-battery-staple\n");
    for (let tries = 0; tries < 300 && !isOver; tries++) {
      await clock.advance(100);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const wasOver = isOver;
    const again = await fetch(url, { headers });
    await again.body?.cancel();
    close();
    await over;
    assertEquals([wasOver, again.status], [true, 401]);
  });
});

Deno.test({
  name: "it can be a unix socket, where every host is taken",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await inFolder(async (folder) => {
      const { addresses, close } = await open(`unix:${folder}/status`);
      assertEquals(addresses, [`unix:${folder}/status`]);
      const connection = await Deno.connect({ transport: "unix", path: `${folder}/status` });
      await connection.write(new TextEncoder().encode("GET /healthz HTTP/1.1\r\nHost: whatever\r\n\r\n"));
      const into = new Uint8Array(1024);
      const count = await connection.read(into);
      assertStringIncludes(new TextDecoder().decode(into.subarray(0, count ?? 0)), "200 OK");
      connection.close();
      close();
    });
  },
});
