import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { MAX_TOKEN_BYTES, MIN_TOKEN_BYTES } from "../../../../lib/session/session_constants.ts";
import {
  makeToken,
  makeTokenLine,
  markOfToken,
  readClientToken,
  readServerTokens,
  type TokenSource,
  watchClientToken,
  watchServerTokens,
} from "../../../../lib/tunnel/files/token_file.ts";
import type { ServerTokens } from "../../../../lib/session/handshake/token_table.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { looks } from "../../../support/looks.ts";

const ignoreWithoutModes = Deno.build.os === "windows";
const GOOD = "correct horse battery";
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A file with `content` and `mode`, gone after `body`. */
async function withFile(content: string, body: (path: string) => Promise<void>, mode = 0o600): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, content);
    if (!ignoreWithoutModes) await Deno.chmod(path, mode);
    await body(path);
  } finally {
    await Deno.remove(path);
  }
}

/** The token and the log lines; client and server read the same. */
async function read(source: TokenSource): Promise<{ token: Uint8Array | undefined; lines: string[] }> {
  const [lines, others]: string[][] = [[], []];
  const client = await readClientToken(source, (level, message) => lines.push(`${level}: ${message}`));
  const server = await readServerTokens(source, (level, message) => others.push(`${level}: ${message}`));
  assertEquals([client?.token, client?.tokenName, lines], [server?.token, undefined, others]);
  assertEquals(server?.tokens, undefined);
  return { token: client?.token, lines };
}

/** The sentence with which a source is refused. */
async function refusal(source: TokenSource): Promise<string> {
  const error = await assertRejects(() => read(source), TeleError);
  const other = await assertRejects(() => readServerTokens(source, () => {}), TeleError);
  assertEquals(error.message, other.message, "at the server as at the client");
  assertEquals(error.code, "bad-input");
  return error.message;
}

Deno.test("a token comes from a file or from the environment, or there is none", async () => {
  assertEquals(await read({}), { token: undefined, lines: [] });
  assertEquals(await read({ variable: GOOD }), { token: bytesOf(GOOD), lines: [] });
  await withFile(GOOD, async (file) => {
    assertEquals(await read({ file }), { token: bytesOf(GOOD), lines: [] });
    assertEquals(await read({ file, variable: "" }), { token: bytesOf(GOOD), lines: [] });
  });
});

Deno.test("one line ending behind the token is no part of it, whatever else there is", async () => {
  const endings = { "\n": "", "\r\n": "", "\n\n": "\n", " \n": " ", "\r": "\r", "\r\r\n": "\r" };
  for (const [ending, kept] of Object.entries(endings)) {
    const token = bytesOf(GOOD + kept);
    assertEquals((await read({ variable: GOOD + ending })).token, token);
    await withFile(GOOD + ending, async (file) => assertEquals((await read({ file })).token, token));
  }
});

Deno.test("the mark that Windows puts in front of UTF-8 is no part of a token", async () => {
  const marked = `\ufeff${GOOD}\r\n`;
  assertEquals((await read({ variable: marked })).token, bytesOf(GOOD));
  await withFile(marked, async (file) => assertEquals((await read({ file })).token, bytesOf(GOOD)));
});

Deno.test("text in UTF-16 is refused with the command that writes no such text; other bytes are a token", async () => {
  const little = new Uint8Array([0xff, 0xfe, ...[...`${GOOD}\r\n`].flatMap((letter) => [letter.charCodeAt(0), 0])]);
  const big = new Uint8Array([0xfe, 0xff, ...[...GOOD].flatMap((letter) => [0, letter.charCodeAt(0)])]);
  const noise = new Uint8Array([0xff, 0xfe, ...new Uint8Array(30).fill(7)]);
  await withFile("", async (file) => {
    for (const bytes of [little, big]) {
      await Deno.writeFile(file, bytes);
      assertStringIncludes(await refusal({ file }), "is text in UTF-16");
      assertStringIncludes(await refusal({ file }), "Out-File -Encoding ascii token");
    }
    await Deno.writeFile(file, noise);
    assertEquals((await read({ file })).token, noise);
  });
});

Deno.test("a token file that is renewed is read again; one that is short, gone or open to others is told", async () => {
  const clock = new FakeClock();
  await withFile(GOOD, async (file) => {
    const [lines, seen]: [string[], string[]] = [[], []];
    const stop = watchClientToken({ file }, {
      since: markOfToken({ file }),
      clock,
      log: (level, message) => void lines.push(`${level}: ${message}`),
      onChange: ({ token }) => void seen.push(new TextDecoder().decode(token)),
    });
    await looks(clock, 2);
    assertEquals([lines, seen], [[], []]);

    await Deno.writeTextFile(file, `${GOOD}, the second\n`);
    await looks(clock, 2);
    assertEquals(seen, [`${GOOD}, the second`]);
    const used =
      "info: --token-file changed: the token there now is the one for new sessions; sessions that are there go on";
    assertEquals(lines.splice(0), [used]);

    const kept = "warn: --token-file changed, but the former is still used: ";
    await Deno.writeTextFile(file, "short");
    await looks(clock, 4);
    await Deno.remove(file);
    await looks(clock, 4);
    assertEquals(seen.length, 1);
    assertEquals(lines.splice(0).map((line) => line.replace(file, "FILE")), [
      `${kept}the token in --token-file=FILE has 5 bytes, at least 16 are needed: \`tele --make-token\` prints a good one`,
      `${kept}cannot read the token from --token-file=FILE: there is no such file; \`tele --make-token\` prints what to put there`,
    ]);

    await Deno.writeTextFile(file, GOOD, { mode: 0o644 });
    await looks(clock, 3);
    assertEquals(seen, [`${GOOD}, the second`, GOOD]);
    if (!ignoreWithoutModes) assertStringIncludes(lines.shift()!, "others on this machine can read the token file");
    assertEquals(lines, [used]);
    stop();
  });
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("what is read once is not watched: no file, a device, a pipe", { ignore: ignoreWithoutModes }, () => {
  const clock = new FakeClock();
  for (const source of [{}, { variable: GOOD }, { file: "/dev/zero" }]) {
    const needs = { since: markOfToken(source), clock, log: () => {}, onChange: () => {} };
    watchClientToken(source, needs);
    watchServerTokens(source, needs);
  }
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("two tokens are one too many: both places are named", async () => {
  await withFile(GOOD, async (file) => {
    const message = await refusal({ file, variable: GOOD });
    assertStringIncludes(message, "TELE_TOKEN");
    assertStringIncludes(message, `--token-file=${file}`);
    assert(!message.includes(GOOD));
  });
});

Deno.test("a token that is empty, short or long is refused by its length, which is all that is told of it", async () => {
  const cases: [text: string, words: string][] = [
    ["", "is empty"],
    ["\n", "is empty"],
    ["x", "has 1 byte, at least 16"],
    ["secret!", "has 7 bytes, at least 16"],
    ["secret!\r\n", "has 7 bytes, at least 16"],
    ["x".repeat(MIN_TOKEN_BYTES - 1), "has 15 bytes, at least 16"],
    ["x".repeat(MAX_TOKEN_BYTES + 1), "has more than 4096 bytes"],
    ["x".repeat(100_000), "has more than 4096 bytes"],
    [" ".repeat(20), "holds nothing but blanks"],
    [" \t\r\n".repeat(10), "holds nothing but blanks"],
  ];
  for (const [text, words] of cases) {
    const check = (message: string, place: string) => {
      assertStringIncludes(message, `the token in ${place} ${words}`);
      assertStringIncludes(message, "`tele --make-token` prints a good one");
      assert(!message.includes("secret!") && !message.includes("xxx"), message);
    };
    check(await refusal({ variable: text }), "TELE_TOKEN");
    await withFile(text, async (file) => check(await refusal({ file }), `--token-file=${file}`));
  }
});

Deno.test("a file of zeros, as a crash can leave it, is no token", async () => {
  await withFile("\0".repeat(64), async (file) => {
    assertStringIncludes(await refusal({ file }), `the token in --token-file=${file} holds nothing but blanks: `);
  });
});

Deno.test("the shortest and the longest token are taken, with a line ending too", async () => {
  for (const length of [MIN_TOKEN_BYTES, MAX_TOKEN_BYTES]) {
    for (const ending of ["", "\n", "\r\n"]) {
      await withFile("x".repeat(length) + ending, async (file) => {
        assertEquals((await read({ file })).token?.length, length);
      });
    }
  }
});

Deno.test("a file that is not there, or cannot be read, is named", async () => {
  const folder = await Deno.makeTempDir();
  try {
    assertEquals(
      await refusal({ file: `${folder}/none` }),
      `cannot read the token from --token-file=${folder}/none: there is no such file; ` +
        "`tele --make-token` prints what to put there",
    );
    assertStringIncludes(await refusal({ file: folder }), `cannot read the token from --token-file=${folder}: `);
  } finally {
    await Deno.remove(folder);
  }
});

Deno.test({
  name: "a file that others can read or change gets one warning, and is used",
  ignore: ignoreWithoutModes,
  async fn() {
    const modes: [mode: number, may?: string][] = [
      [0o600],
      [0o400],
      [0o711],
      [0o640, "read"],
      [0o604, "read"],
      [
        0o620,
        "change",
      ],
      [0o602, "change"],
      [0o622, "change"],
      [0o666, "read and change"],
      [0o642, "read and change"],
    ];
    for (const [mode, may] of modes) {
      await withFile(GOOD, async (file) => {
        const { token, lines } = await read({ file });
        assertEquals(token, bytesOf(GOOD));
        const octal = mode.toString(8).padStart(4, "0");
        const line =
          `warn: others on this machine can ${may} the token file ${file} (mode ${octal}): chmod 600 ${file}`;
        assertEquals(lines, may === undefined ? [] : [line]);
      }, mode);
    }
  },
});

Deno.test("a pipe in a file's place is nobody's to warn of", { ignore: ignoreWithoutModes }, async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/token`;
  try {
    await new Deno.Command("mkfifo", { args: [file] }).output();
    await Deno.chmod(file, 0o666);
    // It waits until somebody reads. On Deno 2.6.8 this process waits for it, whole.
    const writing = new Deno.Command("sh", { args: ["-c", 'printf %s "$1" >"$2"', "sh", GOOD, file] }).output();
    const lines: string[] = [];
    const given = await readClientToken({ file }, (_level, message) => lines.push(message));
    assertEquals([given?.token, lines], [bytesOf(GOOD), []]);
    await writing;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a device that never ends is read no further than a file may be long", {
  ignore: ignoreWithoutModes,
}, async () => {
  assertStringIncludes(await refusal({ file: "/dev/zero" }), "holds more than 1 MiB: is it the right file?");
});

Deno.test("a made token is 43 characters, good as it is, and another each time", async () => {
  const [one, other] = [makeToken(), makeToken()];
  assertMatch(one, /^[A-Za-z0-9_-]{43}$/);
  assertNotEquals(one, other);
  const digits = Array.from({ length: 50 }, makeToken).join("");
  assert(/[-_]/.test(digits) && !/[+/=]/.test(digits));
  assertEquals((await read({ variable: `${one}\n` })).token, bytesOf(one));
});

/** Whom a server lets in, as words. */
function said({ token, tokens }: ServerTokens): string {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const named = tokens?.map((each) => `${each.name}=${text(each.token)}`) ?? ["no names"];
  return [...token === undefined ? [] : [text(token)], ...named].join(" ");
}

Deno.test("lines of a server's file: a new one counts at once, a wrong file keeps the former, comments let nobody in", async () => {
  const clock = new FakeClock();
  const [first, second] = [`alice ${"a".repeat(16)}`, `bob ${"b".repeat(16)}`];
  await withFile(`${first}\n`, async (file) => {
    assertEquals(said((await readServerTokens({ file }, () => {}))!), "alice=aaaaaaaaaaaaaaaa");
    const [lines, seen]: [string[], string[]] = [[], []];
    const stop = watchServerTokens({ file }, {
      since: markOfToken({ file }),
      clock,
      log: (level, message) => void lines.push(`${level}: ${message}`),
      onChange: (tokens) => void seen.push(said(tokens)),
    });
    await Deno.writeTextFile(file, `${first}\n${second}\n`);
    await looks(clock, 1);
    assertEquals(seen.splice(0), ["alice=aaaaaaaaaaaaaaaa bob=bbbbbbbbbbbbbbbb"]);
    await Deno.writeTextFile(file, `${first}\nbob short\n`);
    await looks(clock, 3);
    await Deno.writeTextFile(file, "");
    await looks(clock, 3);
    await Deno.remove(file);
    await looks(clock, 3);
    assertEquals(seen, []);
    // A file in its place, as an editor or `mv` puts it there.
    await Deno.writeTextFile(`${file}.new`, `* ${"c".repeat(16)}\n${second}\n`);
    await Deno.rename(`${file}.new`, file);
    await looks(clock, 1);
    assertEquals(seen.splice(0), ["cccccccccccccccc bob=bbbbbbbbbbbbbbbb"]);
    await Deno.writeTextFile(file, `#${second}\n`);
    await looks(clock, 1);
    assertEquals(seen.splice(0), [""]);
    const [kept, now] = ["--token-file changed, but the former is still used:", "--token-file changed:"];
    const rest = "with a name may come now; sessions of a line that is gone or changed end";
    const told = lines.map((line) => line.replaceAll(file, "FILE")).filter((line) => !line.includes("others on this"));
    assertEquals(told, [
      `info: ${now} 2 clients ${rest}`,
      `warn: ${kept} the token in line 2 of --token-file=FILE has 5 bytes, at least 16 are needed: \`tele --make-token\` prints a good one`,
      `warn: ${kept} the token in --token-file=FILE is empty: \`tele --make-token\` prints a good one`,
      `warn: ${kept} cannot read the token from --token-file=FILE: there is no such file; \`tele --make-token\` prints what to put there`,
      `info: ${now} 1 client ${rest}`,
      `info: ${now} no client with a name is let in any more`,
    ]);
    stop();
  });
});

Deno.test("a file of comments only is told at start, since it lets nobody in", async () => {
  const lines: string[] = [];
  const tokens = await readServerTokens({ variable: "# nobody yet" }, (level, line) => lines.push(`${level}: ${line}`));
  assertEquals([tokens, lines], [{ tokens: [] }, ["warn: TELE_TOKEN has comments only: no client is let in"]]);
});

Deno.test("a file that is being written ends nobody: what it says counts when it has been so for a look", async () => {
  const clock = new FakeClock();
  const [first, second] = [`alice ${"a".repeat(16)}\n`, `bob ${"b".repeat(16)}\n`];
  await withFile(first + second, async (file) => {
    const seen: string[] = [];
    const stop = watchServerTokens({ file }, {
      since: markOfToken({ file }),
      clock,
      log: () => {},
      onChange: (tokens) => void seen.push(said(tokens)),
    });
    await Deno.writeTextFile(file, first);
    await looks(clock, 1, 500);
    await Deno.writeTextFile(file, first + second + second.replace("bob", "carol").replaceAll("bb", "cc"));
    await looks(clock, 1, 500);
    assertEquals(seen, []);
    await looks(clock, 1, 500);
    assertEquals(seen, ["alice=aaaaaaaaaaaaaaaa bob=bbbbbbbbbbbbbbbb carol=cccccccccccccccc"]);
    stop();
  });
});

Deno.test("what is made under a name is a file for both sides", async () => {
  const variable = makeTokenLine("web-1.example");
  const client = await readClientToken({ variable }, () => {});
  assertMatch(new TextDecoder().decode(client!.token), /^[\w-]{43}$/);
  const server = await readServerTokens({ variable: `${makeTokenLine("other")}\n${variable}\n` }, () => {});
  assertEquals([client!.tokenName, client!.token], [server!.tokens![1]!.name, server!.tokens![1]!.token]);
});
