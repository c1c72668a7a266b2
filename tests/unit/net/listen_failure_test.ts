/** Why an address cannot be listened on: the same sentence whichever module of the runtime met it. */
import { assert, assertEquals, assertFalse } from "@std/assert";
import { parseAddress } from "../../../lib/net/address.ts";
import { explainListening, isElsewhere, isTaken } from "../../../lib/net/listen_failure.ts";

const withCode = (code: string) => Object.assign(new Error(`listen ${code}`), { code });

Deno.test("another program on the port, and an address of another machine, are told apart", () => {
  for (const taken of [new Deno.errors.AddrInUse("x"), withCode("EADDRINUSE")]) {
    assert(isTaken(taken));
    assertFalse(isElsewhere(taken));
  }
  const elsewhere = ["EADDRNOTAVAIL", "EINVAL", "ENOTFOUND", "EAI_AGAIN"].map(withCode);
  for (const error of [...elsewhere, new Deno.errors.AddrNotAvailable("x")]) {
    assert(isElsewhere(error));
    assertFalse(isTaken(error));
  }
  assertFalse(isTaken(undefined));
});

Deno.test("each failure is one sentence that says what to choose", () => {
  const cases: [unknown, string, string][] = [
    [withCode("EADDRINUSE"), ":22", "cannot listen on :22: another program does; choose another port"],
    [
      withCode("EACCES"),
      "0.0.0.0:22",
      "cannot listen on 0.0.0.0:22: not allowed; ports below 1024 need the right to, or choose another",
    ],
    [
      withCode("ENOTFOUND"),
      "a.example:0",
      "cannot listen on a.example:0: that name cannot be resolved; write an address of this machine, or only the port",
    ],
    [withCode("EINVAL"), "192.0.2.1:22", "cannot listen on 192.0.2.1:22: this machine does not have that address"],
    [withCode("ENOENT"), "unix:/no/a", "cannot listen on unix:/no/a: there is no such file; choose another path"],
  ];
  for (const [error, address, sentence] of cases) {
    const told = explainListening(error, parseAddress(address));
    assertEquals([told.code, told.message, told.cause], ["bad-input", sentence, error]);
  }
});
