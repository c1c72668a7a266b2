/** Files with secrets: how much of them is read, and who else may read them. */
import { assertEquals, assertRejects } from "@std/assert";
import { modeForOthers, readSecretFile, warnOfOthers } from "../../../../lib/tunnel/files/secret_file.ts";
import { inFolder } from "../../../support/folder.ts";

const TERMS = { option: "--secret-file", noun: "the secret", mostBytes: 8 };

Deno.test("one byte more is read than a file may have, so that its reader sees that", () =>
  inFolder(async (folder) => {
    for (const [text, seen] of [["short", "short"], ["eightbyt", "eightbyt"], ["more than that", "more than"]]) {
      await Deno.writeTextFile(`${folder}/s`, text!);
      assertEquals((await readSecretFile(`${folder}/s`, TERMS)).bytes, new TextEncoder().encode(seen));
    }
  }));

Deno.test("a file that is not there says what to put there", () =>
  inFolder(async (folder) => {
    const words = `cannot read the secret from --secret-file=${folder}/s: there is no such file`;
    await assertRejects(() => readSecretFile(`${folder}/s`, TERMS), Error, words);
  }));

Deno.test("who else may read or change the file is warned of, and nothing where there is no mode", () => {
  const lines: string[] = [];
  for (const mode of [0o600, null, 0o640, 0o622]) {
    warnOfOthers("/s", mode, "secret file", (level, message) => void lines.push(`${level} ${message}`));
  }
  assertEquals(lines, [
    "warn others on this machine can read the secret file /s (mode 0640): chmod 600 /s",
    "warn others on this machine can change the secret file /s (mode 0622): chmod 600 /s",
  ]);
});

Deno.test("a file of root's that the group of a service may read is for that service; for everybody else it is open", () => {
  const file = { mode: 0o440, uid: 0, gid: 65532 };
  assertEquals(modeForOthers(file, { uid: 65532, gid: 65532 }), 0o400);
  assertEquals(modeForOthers({ ...file, mode: 0o664 }, { uid: 65532, gid: 65532 }), 0o624);
  assertEquals(modeForOthers({ ...file, mode: null }, { uid: 65532, gid: 65532 }), null);
  for (const me of [{ uid: 65532, gid: 100 }, { uid: 0, gid: 65532 }, { uid: null, gid: null }]) {
    assertEquals(modeForOthers(file, me), 0o440);
  }
  assertEquals(modeForOthers({ ...file, uid: 1000 }, { uid: 65532, gid: 65532 }), 0o440);
});
