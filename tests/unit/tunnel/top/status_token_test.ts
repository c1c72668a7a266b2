import { assertEquals, assertRejects } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { readStatusToken } from "../../../../lib/tunnel/top/status_token.ts";

/** What is read of a file with this text. */
async function read(text: string): Promise<string> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, text);
    return await readStatusToken(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("the token is the file without its line end", async () => {
  for (const text of ["s3cret-token_", "s3cret-token_\n", "s3cret-token_\r\n"]) {
    assertEquals(await read(text), "s3cret-token_");
  }
});

Deno.test("a file that holds no token is refused, with its name and what it should hold", async () => {
  for (const text of ["", "\n", "two words", "one\ntwo", "t\u00f6ken", "a\u0000b"]) {
    const error = await assertRejects(() => read(text), TeleError, "holds no token: it is one line of");
    assertEquals(error.code, "bad-input");
  }
  await assertRejects(() => readStatusToken("/nowhere/token"), TeleError, "--token-file=/nowhere/token cannot be read");
});
