/** Proxies as users write them. */
import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { formatProxy, parseProxy } from "../../../../lib/net/proxy/proxy.ts";

Deno.test("a proxy has a scheme, a host and a port, and each has what stands for it if it is missing", () => {
  const expected: [string, string][] = [
    ["http://proxy.example.com:3128", "http://proxy.example.com:3128"],
    ["proxy.example.com:3128", "http://proxy.example.com:3128"],
    ["HTTP://Proxy:8080/", "http://Proxy:8080"],
    ["http://proxy", "http://proxy:80"],
    ["https://proxy", "https://proxy:443"],
    ["socks5://192.0.2.1", "socks5://192.0.2.1:1080"],
    ["socks5h://[2001:db8::1]:9050", "socks5://[2001:db8::1]:9050"],
    ["http://[::1]", "http://[::1]:80"],
    [" http://proxy:1\n", "http://proxy:1"],
  ];
  for (const [text, shown] of expected) assertEquals(formatProxy(parseProxy(text)), shown, text);
});

Deno.test("user name and password are decoded, and belong in front of the last @", () => {
  const login = (text: string) => parseProxy(text).login;
  assertEquals(login("http://proxy:1"), undefined);
  assertEquals(login("http://alice@proxy:1"), { user: "alice", password: "" });
  assertEquals(login("http://alice:@proxy:1"), { user: "alice", password: "" });
  assertEquals(login("alice:secret@proxy:1"), { user: "alice", password: "secret" });
  assertEquals(login("http://al%69ce:p%40s%3As%2F%25@proxy:1"), { user: "alice", password: "p@s:s/%" });
  assertEquals(login("http://alice:p@s:s/#?@proxy:1"), { user: "alice", password: "p@s:s/#?" });
  assertEquals(login("socks5://%3A:%00@proxy:1"), { user: ":", password: "\0" });
  assertEquals(login("http://m%C3%BCller:%E2%82%AC@proxy"), { user: "müller", password: "€" });
});

Deno.test("what is no proxy is refused by a sentence that never shows what may be a password", () => {
  const wrong: [string, string][] = [
    ["ftp://alice:hush-hush@proxy:1", "its scheme is none of these"],
    ["socks4://alice:hush-hush@proxy:1", "its scheme is none of these"],
    ["http://alice:hush-hush", "HOST:PORT is none"],
    ["alice:hush-hush", "HOST:PORT is none"],
    ["http://alice:hush-hush@", "its host is missing"],
    ["http://alice:hush-hush@:3128", "its host is missing"],
    ["http://alice:hush-hush@::1", "square brackets"],
    ["http://alice:hush-hush@proxy:0", "HOST:PORT is none"],
    ["http://alice:hush-hush@proxy:99999", "HOST:PORT is none"],
    ["http://alice:hush-hush@proxy:1/path", "nothing stands behind its port"],
    ["http://alice:hush-hush%zz@proxy:1", "written as %25"],
    ["http://:hush-hush@proxy:1", "stands a user name"],
    ["http://ali%3Ace:hush-hush@proxy:1", "has no colon"],
    [`socks5://alice:hush-hush${"x".repeat(250)}@proxy`, "no room for"],
    ["unix:/hush-hush", "nothing stands behind its port"],
    ["", "its host is missing"],
  ];
  for (const [text, sentence] of wrong) {
    const { code, message } = assertThrows(() => parseProxy(text), TeleError, sentence, text);
    assertEquals(code, "bad-input");
    assertFalse(/hush|alice/.test(message), message);
  }
});

Deno.test("no form of a proxy's name shows its login", () => {
  const proxy = parseProxy("http://alice:hush-hush@proxy:1");
  assert(proxy.login !== undefined);
  assertFalse(/hush|alice/.test(formatProxy(proxy)));
});
