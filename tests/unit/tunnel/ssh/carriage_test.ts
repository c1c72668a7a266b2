import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { carriageOptions, formatCarriage, parseCarriage } from "../../../../lib/tunnel/ssh/carriage.ts";

const CARRIAGE = { args: ["--out=example.com:40300", "--resume-timeout=3d"], token: "correct horse battery" };

Deno.test("what ssh's ProxyCommand is told reads the same", () => {
  assertEquals(parseCarriage(formatCarriage(CARRIAGE)), CARRIAGE);
});

Deno.test("without it, a sentence says what to run", () => {
  for (const text of [undefined, "{}", '{"args":[]}', '{"args":"x","token":"y"}']) {
    assertThrows(() => parseCarriage(text), TeleError, "is started by tele ssh [user@]host");
  }
});

Deno.test("the client has the login's token, never the environment's, and waits for longer than an hour", () => {
  const environment = { TELE_TOKEN: "another one, which is long enough", HTTPS_PROXY: "http://proxy:8080" };
  const options = carriageOptions(CARRIAGE, environment);
  assertEquals([options.tokenVariable, options.isStdio, options.isOnlyClient], [CARRIAGE.token, true, true]);
  assertEquals(options.limits.resumeTimeoutMs, 3 * 86_400_000);
  assertEquals(options.paths[0].proxy?.kind, "given");
});
