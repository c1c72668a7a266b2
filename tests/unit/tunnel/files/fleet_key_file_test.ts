/** The key file of a fleet: its lines, who may read it, and its changes. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  fleetSecrets,
  markOfFleetKey,
  readFleetSecrets,
  watchFleetSecrets,
} from "../../../../lib/tunnel/files/fleet_key_file.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { inFolder } from "../../../support/folder.ts";
import { looks } from "../../../support/looks.ts";

const [ONE, TWO] = ["1".repeat(43), "2".repeat(43)];
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("each line is a key, but for comments and empty ones; ends of lines of Windows do not matter", () => {
  const secrets = fleetSecrets(bytes(`# ours\r\n\r\n${ONE}\r\n  ${TWO}  \n`), "the file");
  assertEquals(secrets, [bytes(ONE), bytes(TWO)]);
});

Deno.test("a file without a key, with a word in its place, or with very many, says so", () => {
  const read = (text: string) => () => fleetSecrets(bytes(text), "--fleet-key-file=k");
  assertThrows(read("# nothing\n"), Error, "--fleet-key-file=k: a fleet needs a key: tele --make-token");
  assertThrows(read("secret\n"), Error, "32 to 4096 bytes, and this one 6");
  assertThrows(read(`${ONE}\n`.repeat(5)), Error, "leave the newest 4");
  assertThrows(read("x".repeat(70_000)), Error, "it is no key file");
});

Deno.test({
  name: "a file that others may read is warned of, and one that is not there is told",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const lines: string[] = [];
      const log = (level: string, message: string) => void lines.push(`${level} ${message}`);
      await Deno.writeTextFile(`${folder}/k`, ONE, { mode: 0o600 });
      assertEquals([await readFleetSecrets(`${folder}/k`, log), lines], [[bytes(ONE)], []]);
      await Deno.chmod(`${folder}/k`, 0o644);
      await readFleetSecrets(`${folder}/k`, log);
      const chmod = `chmod 600 ${folder}/k`;
      assertEquals(lines, [`warn others on this machine can read the key file ${folder}/k (mode 0644): ${chmod}`]);
      await assertRejects(() => readFleetSecrets(`${folder}/none`, log), Error, "tele --make-token");
    }),
});

Deno.test("a changed file is read again, and a wrong one changes nothing", () =>
  inFolder(async (folder) => {
    const path = `${folder}/k`;
    await Deno.writeTextFile(path, ONE, { mode: 0o600 });
    const clock = new FakeClock();
    const [lines, told]: [string[], Uint8Array[][]] = [[], []];
    const stop = watchFleetSecrets(path, {
      since: markOfFleetKey(path),
      clock,
      log: (level, message) => void lines.push(`${level} ${message}`),
      onChange: (secrets) => void told.push(secrets),
    });
    await Deno.writeTextFile(path, `${TWO}\n${ONE}\n`);
    await looks(clock, 4);
    assertEquals(told, [[bytes(TWO), bytes(ONE)]]);
    await Deno.writeTextFile(path, "no");
    await looks(clock, 4);
    assertEquals([told.length, lines.filter((line) => line.startsWith("warn ")).length], [1, 1]);
    stop();
    assertEquals(clock.pendingTimers, 0);
  }));
