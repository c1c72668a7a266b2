/** What web servers answer in place of a WebSocket. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { explainStatus } from "../../../../lib/net/websocket/upgrade_failure.ts";

const sentence = (status: number, fields: [string, string][] = []) =>
  explainStatus(status, new Map(fields), "/tele?key=1");

Deno.test("each status says what to change, and whether trying again may help", () => {
  const answers: [status: number, code: string, part: string][] = [
    [200, "protocol", "answers with a page (200): it must pass /tele on to the tele server as a WebSocket"],
    [204, "protocol", "with the fields Upgrade and Connection"],
    [400, "refused", "takes this for no request (400): if it speaks TLS there, write wss://"],
    [401, "refused", "wants a login, which tele does not give (401): leave this path out of what it guards"],
    [403, "refused", "forbids it (403): allow this path"],
    [404, "refused", "has nothing there (404): give the path"],
    [405, "refused", "takes no WebSocket there (405)"],
    [407, "refused", "is a proxy that wants a login (407): give it with --proxy"],
    [418, "refused", "does not take a WebSocket (418)"],
    [426, "refused", "wants another protocol or version (426)"],
    [429, "carrier-lost", "has trouble of its own (429)"],
    [500, "carrier-lost", "has trouble of its own (500)"],
    [502, "carrier-lost", "does not reach the tele server (502): start that"],
    [503, "carrier-lost", "does not reach the tele server (503)"],
    [504, "carrier-lost", "does not reach the tele server (504)"],
    [511, "protocol", "wants its user to log in to the network first, in a browser (511)"],
    [NaN, "protocol", "answers with no status"],
  ];
  for (const [status, code, part] of answers) {
    const error = sentence(status);
    assertStringIncludes(error.message, part);
    assertEquals(error.code, code, error.message);
  }
});

Deno.test("a redirection says where to, as --out takes it", () => {
  const to = (location: string) => sentence(302, [["location", location]]).message;
  assertStringIncludes(to("https://example.com/x"), "sends its clients to wss://example.com/x (302): give that");
  assertStringIncludes(to("http://example.com/x"), "ws://example.com/x");
  assertStringIncludes(to("/login"), "sends its clients to /login (302)");
  assertEquals(sentence(301).message, "the web server there does not take a WebSocket (301)");
});

Deno.test("what a server writes cannot move a terminal's cursor, or fill the log", () => {
  const message = sentence(302, [["location", `\x1b[2J${"x".repeat(5_000)}`]]).message;
  assert(message.length < 300);
  assertStringIncludes(message, "?[2Jxxx");
});

Deno.test("a query is not shown, since it may be a secret", () => {
  assertEquals(sentence(200).message.includes("key="), false);
});
