/** Failures as sentences. */
import { assertEquals } from "@std/assert";
import { reasonOf } from "../../../lib/net/error.ts";

Deno.test("a reason is a sentence without the operating system's number", () => {
  assertEquals(reasonOf(new Error("Connection refused (os error 111)")), "connection refused");
  assertEquals(reasonOf(new Error("Not a directory (os error 20): mkdir '/x'")), "not a directory: mkdir '/x'");
  assertEquals(reasonOf(new Error("connect ECONNRESET 127.0.0.1:22")), "connection reset by peer");
  assertEquals(reasonOf(new Error("write EPIPE")), "the other side takes no more");
  assertEquals(reasonOf(new Error("read EDOM")), "read EDOM", "better than nothing");
  assertEquals(reasonOf("just words"), "just words");
  assertEquals(reasonOf(undefined), "undefined");
});
