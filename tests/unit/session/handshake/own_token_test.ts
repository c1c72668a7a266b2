import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { ownToken, renewedToken } from "../../../../lib/session/handshake/own_token.ts";
import { tokenSalt } from "../../../../lib/session/handshake/token.ts";
import { TOKEN } from "../../../support/tokens.ts";

Deno.test("a client's token adds the same with a name and without", async () => {
  const salt = await tokenSalt(TOKEN);
  for (const tokenName of [undefined, "alice"]) {
    const { name, salt: own } = ownToken({ token: TOKEN, tokenName });
    assertEquals([name, await own], [tokenName, salt]);
  }
  assertEquals((await ownToken({}).salt).length, 0);
});

Deno.test("a name that is none, or has no token, is refused at once", () => {
  assertThrows(() => ownToken({ tokenName: "alice" }), TeleError, "the name alice of a token was given, and no token");
  assertThrows(() => ownToken({ token: TOKEN, tokenName: "a b" }), TeleError, "is not the name of a token");
  assertThrows(() => ownToken({ token: new Uint8Array(3), tokenName: "alice" }), TeleError, "at least 16");
});

Deno.test("a token takes the place of another, not of none", async () => {
  const { name, salt } = renewedToken({ token: TOKEN, tokenName: "bob" }, true);
  assertEquals([name, await salt], ["bob", await tokenSalt(TOKEN)]);
  assertThrows(() => renewedToken({ token: TOKEN }, false), TeleError, "there was no token before");
});
