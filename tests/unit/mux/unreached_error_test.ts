/** Why a user was not reached, as the peer is told it. */
import { assertEquals } from "@std/assert";
import { ResetCode } from "../../../lib/mux/mux_constants.ts";
import { resetCodeOf, UnreachedError } from "../../../lib/mux/unreached_error.ts";

Deno.test("an error that says how tells that, and any other that it was refused", () => {
  const error = new UnreachedError(ResetCode.unreachable, "no route to host");
  assertEquals([error.code, error.message, resetCodeOf(error)], ["refused", "no route to host", ResetCode.unreachable]);
  assertEquals([new Error("no"), "no", undefined].map(resetCodeOf), Array(3).fill(ResetCode.refused));
});
