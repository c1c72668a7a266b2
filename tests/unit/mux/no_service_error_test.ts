/** Which service is not there, and what helps, without a word about whether it exists. */
import { assertEquals } from "@std/assert";
import { NoServiceError } from "../../../lib/mux/no_service_error.ts";

Deno.test("one sentence for a service that is not there and for one that is not allowed", () => {
  const { code, message } = new NoServiceError("db");
  assertEquals(code, "refused");
  assertEquals(
    message,
    "the tele server has no service db for this client: --service=db=ADDR there names it, and services=db in a line of " +
      "its tokens allows it",
  );
  assertEquals(
    new NoServiceError(undefined).message,
    "the tele server has no service without a name for this client: --in=ADDR there names it, and services=* in a line " +
      "of its tokens allows it",
  );
});
