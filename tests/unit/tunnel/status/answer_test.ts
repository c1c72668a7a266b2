/** Answers of the status address, as bytes. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { encodeAnswer, streamHead } from "../../../../lib/tunnel/status/answer.ts";

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("an answer has its status, its length in bytes, the fields it was given, and its body", () => {
  const answer = { status: 405, type: "text/plain", body: "€", fields: ["Allow: GET"] } as const;
  const [head, body] = decode(encodeAnswer(answer, true)).split("\r\n\r\n");
  const [first, ...fields] = head!.split("\r\n");
  assertEquals([first, body], ["HTTP/1.1 405 Method Not Allowed", "€"]);
  for (const field of ["Content-Length: 3", "Allow: GET", "Cache-Control: no-store", "Connection: close"]) {
    assert(fields.includes(field), field);
  }
});

Deno.test("without its body an answer still tells how long that is", () => {
  const text = decode(encodeAnswer({ status: 200, type: "text/plain", body: "ok\n" }, false));
  assertStringIncludes(text, "Content-Length: 3\r\n");
  assert(text.endsWith("\r\n\r\n"));
});

Deno.test("an answer that goes on has no length", () => {
  assert(!decode(streamHead("text/event-stream")).includes("Content-Length"));
});
