/** Which service is not there, and what helps, without a word about whether it exists. */
import { assertEquals } from "@std/assert";
import { ResetCode } from "../../../lib/mux/mux_constants.ts";
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

Deno.test("a destination that is not allowed is told by a code of its own", () => {
  const error = new NoServiceError("a.example:443");
  assertEquals([error.resetCode, new NoServiceError("db").resetCode], [ResetCode.denied, ResetCode.refused]);
  assertEquals(
    error.message,
    "the tele server does not lead this client to a.example:443: --allow=HOST:PORT there allows destinations, and " +
      "services=*:* in a line of its tokens that its client asks for them",
  );
});
