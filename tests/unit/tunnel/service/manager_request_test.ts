import { assertEquals, assertThrows } from "@std/assert";
import { readManagerRequest } from "../../../../lib/tunnel/service/manager_request.ts";

Deno.test("without a socket nobody wants to be told, whatever else is set", () => {
  assertEquals(readManagerRequest({}, 7), undefined);
  assertEquals(readManagerRequest({ NOTIFY_SOCKET: "", WATCHDOG_USEC: "1000000" }, 7), undefined);
});

Deno.test("a path stays, and an abstract name begins with a zero", () => {
  assertEquals(readManagerRequest({ NOTIFY_SOCKET: "/run/n@t" }, 7), { path: "/run/n@t", watchdogMs: undefined });
  assertEquals(readManagerRequest({ NOTIFY_SOCKET: "@a/b@" }, 7), { path: "\0a/b@", watchdogMs: undefined });
});

Deno.test("a socket of another kind is an error that says what to set", () => {
  for (const NOTIFY_SOCKET of ["vsock:2:1234", "relative", "@", "/"]) {
    assertThrows(() => readManagerRequest({ NOTIFY_SOCKET }, 7), Error, "give the service Type=exec");
  }
});

Deno.test("the watchdog counts for this process, or for every one, and never for another", () => {
  const ms = (WATCHDOG_USEC: string, WATCHDOG_PID?: string) =>
    readManagerRequest({ NOTIFY_SOCKET: "/n", WATCHDOG_USEC, WATCHDOG_PID }, 7)?.watchdogMs;
  assertEquals([ms("30000000"), ms("30000000", ""), ms("30000000", "7")], [30_000, 30_000, 30_000]);
  assertEquals([ms("30000000", "8"), ms("30000000", "77")], [undefined, undefined]);
  assertEquals([ms("0"), ms("soon"), ms("-5000")], [undefined, undefined, undefined]);
});
