/** What answers in place of a proxy, as its first bytes tell. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { notThatProxy, proxyLeft, strangeAnswer } from "../../../../lib/net/proxy/negotiation.ts";

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

Deno.test("another scheme that the first bytes tell is the one to write", () => {
  const told = (first: string, asked: "http" | "https" | "socks5") => notThatProxy(bytes(first), asked).message;
  assertStringIncludes(told("HTTP/1.1 400 Bad Request\r\n", "socks5"), "write http://");
  assertStringIncludes(told("\x05\xff", "http"), "write socks5://");
  assertStringIncludes(told("\x15\x03\x03\0\x02\x02\x32", "http"), "write https://");
  assertStringIncludes(told("\0\x5b\0\0\0\0\0\0", "socks5"), "SOCKS version 4");
});

Deno.test("a server of another protocol is named, and what nobody knows is told to be no proxy", () => {
  assertStringIncludes(notThatProxy(bytes("SSH-2.0-x\r\n"), "http").message, "an SSH server answers there");
  assertStringIncludes(notThatProxy(bytes("SSH-2.0-x\r\n"), "socks5").message, "an SSH server answers there");
  assertEquals(notThatProxy(bytes("?"), "http").message, strangeAnswer().message);
  assertEquals(strangeAnswer().code, "refused");
});

Deno.test("an end is told by whether an answer had begun, and is the network's until somebody knows better", () => {
  assertStringIncludes(proxyLeft(true).message, "in the middle of its answer");
  assertStringIncludes(proxyLeft(false).message, "without an answer");
  assertEquals([proxyLeft(true).code, proxyLeft(false).code], ["carrier-lost", "carrier-lost"]);
});
