/** Token files: one token as ever, or lines of names and tokens. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { clientToken, MOST_TOKEN_FILE_BYTES, serverTokens } from "../../../../lib/tunnel/files/token_lines.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const [A, B, C] = ["a", "b", "c"].map((letter) => letter.repeat(20)) as [string, string, string];
const named = (name: string, token: string) => ({ name, token: bytesOf(token) });

/** The sentence with which it is refused; no token is in it. */
function refusal(read: (bytes: Uint8Array, place: string) => unknown, text: string): string {
  const error = assertThrows(() => read(bytesOf(text), "FILE"), TeleError);
  assertEquals(error.code, "bad-input");
  for (const secret of [A, B, C, "secret"]) assert(!error.message.includes(secret), error.message);
  return error.message;
}

Deno.test("one line that is not two words is one token, at both ends, with its blanks", () => {
  for (const token of [A, "correct horse battery", "four words and more", "*only-one-word-here"]) {
    assertEquals(serverTokens(bytesOf(`${token}\r\n`), "FILE"), { token: bytesOf(token) });
    assertEquals(clientToken(bytesOf(token), "FILE"), { token: bytesOf(token) });
    assertEquals(serverTokens(bytesOf(`# ours\n\n\t${token} \n# end`), "FILE"), { token: bytesOf(token) });
  }
});

Deno.test("what is no text is one token, also with line feeds and words in it", () => {
  for (const token of [new Uint8Array([...bytesOf(A), 10, 0xff, 10, 65, 32, 66]), new Uint8Array(16).fill(0x81)]) {
    assertEquals(serverTokens(token, "FILE"), { token });
  }
});

Deno.test("lines of names and tokens, with comments, blank lines, tabs and line ends of Windows", () => {
  const text = `\ufeff# clients\r\n\r\n  alice\t${A}  \r\n\n#carol ${C}\n*  ${B}\r\nweb-1.example@x ${C}`;
  const tokens = [named("alice", A), named("web-1.example@x", C)];
  assertEquals(serverTokens(bytesOf(text), "FILE"), { token: bytesOf(B), tokens });
  assertEquals(serverTokens(bytesOf(`alice ${A}`), "FILE"), { tokens: [named("alice", A)] });
  assertEquals(clientToken(bytesOf(`alice ${A}\n`), "FILE"), { token: bytesOf(A), tokenName: "alice" });
  assertEquals(clientToken(bytesOf(`* ${A}\n`), "FILE"), { token: bytesOf(A) });
});

Deno.test("what a client may reach stands behind its token; a client's own file may have it too", () => {
  const text = `alice ${A} services=db,web-1,*:*\n* ${B}\tservices=*\nbob ${C}\n`;
  const tokens = [{ ...named("alice", A), services: ["db", "web-1", "*:*"] }, named("bob", C)];
  assertEquals(serverTokens(bytesOf(text), "FILE"), { token: bytesOf(B), services: ["*"], tokens });
  assertEquals(clientToken(bytesOf(`alice ${A} services=db\n`), "FILE"), { token: bytesOf(A), tokenName: "alice" });
});

Deno.test("comments alone let nobody in, and are no token of a client", () => {
  assertEquals(serverTokens(bytesOf(`#alice ${A}\n`), "FILE"), { tokens: [] });
  assertStringIncludes(refusal(clientToken, `#alice ${A}\n`), "FILE has comments only, and no token");
});

Deno.test("a client has one token", () => {
  const message = refusal(clientToken, `alice ${A}\nbob ${B}\n* ${C}\n`);
  assertEquals(message, "FILE has 3 tokens, and a client has one: leave only this client's line there");
});

Deno.test("a wrong line is told by its number and what belongs there, and never shows a token", () => {
  const cases: [text: string, words: string][] = [
    ["alice secret", "the token in line 1 of FILE has 6 bytes, at least 16 are needed"],
    [`# one\nalice ${A}\n\nbob secret\n`, "the token in line 4 of FILE has 6 bytes"],
    [`alice ${"x".repeat(4097)}`, "the token in line 1 of FILE has more than 4096 bytes"],
    [`${A}\n${B}\n`, "line 1 of FILE has one word, where a name and a token belong (* TOKEN for"],
    [`alice ${A}\n${B}\n`, "line 2 of FILE has one word"],
    [`alice ${A}\nbob ${B} ${C}\n`, "line 2 of FILE has 3 words, where a name and a token belong"],
    [`alice ${A}\nbob ${B} # his\n`, "line 2 of FILE has 4 words"],
    [`${A}! ${B}`, "the first word of line 1 of FILE is not the name of a token: that is up to 64 letters"],
    [`-alice ${A}`, "the first word of line 1 of FILE is not the name"],
    [`ålice ${A}`, "the first word of line 1 of FILE is not the name"],
    [`${"x".repeat(65)} ${A}`, "the first word of line 1 of FILE is not the name"],
    [`alice ${A}\nbob ${B}\nalice ${C}`, "lines 1 and 3 of FILE have the same name: give each client its own"],
    [`* ${A}\n* ${B}`, "lines 1 and 2 of FILE have the same name"],
    [`alice ${A}\nbob ${A}`, "lines 1 and 2 of FILE have the same token: who has it could pass for either"],
    [`* ${A}\nbob ${A}`, "lines 1 and 2 of FILE have the same token"],
    [`alice ${A} services=`, "services= in line 1 of FILE has an empty name: write services=NAME,NAME, or nothing"],
    [`alice ${A} services=db,,web`, "services= in line 1 of FILE has an empty name"],
    [`alice ${A} services=Db`, '"Db" behind services= in line 1 of FILE is not the name of a service: that is 1 to 64'],
    [`alice ${A} services=db,*,db`, "services= in line 1 of FILE has db twice: write it once"],
    [`alice ${A} services=db, web`, "line 1 of FILE has 4 words"],
    [`alice ${A} services=db services=web`, "line 1 of FILE has services= twice: write one list"],
    [`alice ${A} reverse=db services=a reverse=a`, "line 1 of FILE has reverse= twice: write one list"],
    [`alice ${A} reverse=`, "reverse= in line 1 of FILE has an empty name: write reverse=NAME,NAME, or nothing"],
    [`alice ${A} reverse=*`, '"*" behind reverse= in line 1 of FILE is not the name of a service'],
    [`alice ${A} reverse=db,db`, "reverse= in line 1 of FILE has db twice: write it once"],
    [`alice reverse=db ${A}`, "line 1 of FILE has reverse= in the place of the token: NAME TOKEN reverse="],
    [`alice ${A} addresses=all`, "line 1 of FILE has addresses=all, where only addresses=trusted means something"],
    [`alice ${A} addresses=trusted addresses=trusted`, "line 1 of FILE has addresses= twice: write it once"],
    [`alice addresses=trusted ${A}`, "line 1 of FILE has addresses= in the place of the token"],
    [`alice ${A} reverse=db x`, "line 1 of FILE has 4 words"],
    [`${A} services=db`, "line 1 of FILE has services= in the place of the token: NAME TOKEN services="],
    [`alice ${A}\nbob services=db ${B}`, "line 2 of FILE has services= in the place of the token"],
    [`alice ${A}\n\0\0\0\0`, "FILE has lines of names and tokens, and bytes that are no text: write it anew"],
    [`\x07\nalice ${A}\r\nbob`, "FILE has lines of names and tokens, and bytes that are no text"],
    ["", "the token in FILE is empty"],
    [" \n\t\n".repeat(9), "the token in FILE holds nothing but blanks"],
    [`alice ${A}\n`.padEnd(MOST_TOKEN_FILE_BYTES + 1, "\n"), "FILE holds more than 1 MiB: is it the right file?"],
  ];
  for (const [text, words] of cases) {
    for (const read of [serverTokens, clientToken]) assertStringIncludes(refusal(read, text), words);
  }
});

Deno.test("text in UTF-16 is refused, whatever its lines are", () => {
  const bytes = new Uint8Array([0xff, 0xfe, ...[...`alice ${A}\r\n`].flatMap((letter) => [letter.charCodeAt(0), 0])]);
  assertThrows(() => serverTokens(bytes, "FILE"), TeleError, "is text in UTF-16");
});

Deno.test("a line says what its client may offer, beside what it may reach, in either order", () => {
  const { reverse, tokens } = serverTokens(
    bytesOf(`alice ${A} reverse=db,web-1\nbob ${B} reverse=db services=a\n* ${C} services=a reverse=b\n`),
    "FILE",
  );
  assertEquals(reverse, ["b"]);
  assertEquals(tokens, [
    { name: "alice", token: bytesOf(A), reverse: ["db", "web-1"] },
    { name: "bob", token: bytesOf(B), services: ["a"], reverse: ["db"] },
  ]);
  assertEquals(clientToken(bytesOf(`alice ${A} reverse=db\n`), "FILE"), { token: bytesOf(A), tokenName: "alice" });
});

Deno.test("a line says whether its client is believed about its users", () => {
  const { tellsUsers, tokens } = serverTokens(
    bytesOf(`alice ${A} addresses=trusted services=db\nbob ${B}\n* ${C} addresses=trusted\n`),
    "FILE",
  );
  assertEquals(tellsUsers, true);
  assertEquals(tokens, [
    { name: "alice", token: bytesOf(A), services: ["db"], tellsUsers: true },
    { name: "bob", token: bytesOf(B) },
  ]);
});
