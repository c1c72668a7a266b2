/** A client is asked for what it offers, and dials nothing else. */
import { assertEquals, assertThrows } from "@std/assert";
import { ResetCode } from "../../../lib/mux/mux_constants.ts";
import { dialOnly } from "../../../lib/mux/offers.ts";
import { UnreachedError } from "../../../lib/mux/unreached_error.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";

Deno.test("what was not offered is refused: another name, none at all, a destination", async () => {
  const dialled: (string | undefined)[] = [];
  const dial = dialOnly({
    names: ["db"],
    dial: (_signal, { service }) => {
      dialled.push(service);
      return Promise.resolve(duplexPair()[0]);
    },
  });
  const { signal } = new AbortController();
  await dial(signal, { service: "db", tokenName: undefined });
  for (const service of ["web", undefined, "localhost:22"]) {
    const error = assertThrows(() => dial(signal, { service, tokenName: undefined }), UnreachedError);
    assertEquals([error.resetCode, error.message], [
      ResetCode.refused,
      `the tele client offers no service ${service ?? "without a name"}`,
    ]);
  }
  assertEquals(dialled, ["db"]);
});
