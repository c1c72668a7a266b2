/** Which proxy a client takes. */
import { assertEquals, assertFalse, assertThrows } from "@std/assert";
import { formatProxy } from "../../../../lib/net/proxy/proxy.ts";
import type { ProxyEnvironment } from "../../../../lib/tunnel/command_line/proxy_choice.ts";
import { areRefused, CLIENT, clientOptions, SERVER } from "../../../support/command_lines.ts";

/** The proxy of a client, as `NAME URL`. */
function chosen(environment: ProxyEnvironment, ...args: string[]): string | undefined {
  const { paths: [{ proxy: source }] } = clientOptions(args.length > 0 ? ["--client", ...args] : CLIENT, environment);
  return source?.kind === "given" ? `${source.by} ${formatProxy(source.proxy)}` : source?.path;
}

Deno.test("--proxy and --proxy-file name the proxy, whatever the environment says", () => {
  const environment = { HTTPS_PROXY: "http://environment:1", NO_PROXY: "*" };
  assertEquals(chosen(environment, "--out=a:1", "--proxy=socks5://given"), "--proxy socks5://given:1080");
  assertEquals(chosen(environment, "--out=a:1", "--proxy-file=/etc/tele/proxy"), "/etc/tele/proxy");
  assertEquals(chosen({}, "--out=localhost:1", "--in=:1", "--proxy=given:1"), "--proxy http://given:1");
});

Deno.test("of the environment the first variable that is set and not empty counts, in small letters first", () => {
  const all = { https_proxy: "a:1", HTTPS_PROXY: "b:1", all_proxy: "c:1", ALL_PROXY: "d:1" };
  assertEquals(chosen(all), "https_proxy http://a:1");
  assertEquals(chosen({ ...all, https_proxy: "" }), "HTTPS_PROXY http://b:1");
  assertEquals(chosen({ all_proxy: "socks5://c", ALL_PROXY: "d:1" }), "all_proxy socks5://c:1080");
  assertEquals(chosen({ HTTPS_PROXY: "", ALL_PROXY: "d:1" }), "ALL_PROXY http://d:1");
  assertEquals(chosen({ HTTPS_PROXY: "" }), undefined);
  assertEquals(chosen({}), undefined);
});

Deno.test("the environment's proxy leads neither to hosts of NO_PROXY, nor to this machine, nor to unix sockets", () => {
  const environment = { HTTPS_PROXY: "p:1", NO_PROXY: "example.com,10.0.0.0/8" };
  assertEquals(chosen(environment), undefined);
  assertEquals(chosen({ ...environment, no_proxy: "other" }), "HTTPS_PROXY http://p:1");
  for (
    const out of ["10.1.2.3:1", "localhost:1", "127.0.0.2:1", "[::1]:1", ":1", "unix:/a", "exec:a", "[fe80::1%eth0]:1"]
  ) {
    assertEquals(chosen(environment, `--out=${out}`), undefined, out);
  }
  assertEquals(chosen(environment, "--out=192.0.2.1:1"), "HTTPS_PROXY http://p:1");
});

Deno.test("what names no proxy, two, or one that could lead nowhere is refused; a variable only if it were used", () => {
  areRefused([
    [[...CLIENT, "--proxy=ftp://p"], ["--proxy takes", "its scheme is none of these"]],
    [[...CLIENT, "--proxy=p:1", "--proxy-file=f"], ["--proxy-file and --proxy name two proxies"]],
    [["--client", "--out=:1", "--proxy=p:1"], ["--proxy leads to a host"]],
    [["--client", "--out=unix:/a", "--proxy-file=f"], ["--proxy-file leads to a host"]],
    [["--client", "--out=exec:a", "--proxy=p:1"], ["--proxy leads to a host"]],
    [[...CLIENT, "--in=:3128", "--proxy=localhost:3128"], ["would connect to itself", "--proxy names the same place"]],
    [[...CLIENT, "--proxy=p:1", "--proxy=q:1"], ["given more than once"]],
    [[...SERVER, "--proxy=p:1"], ["--proxy belongs to --client"]],
    [[...SERVER, "--proxy-file=f"], ["--proxy-file belongs to --client"]],
  ]);
  const environment = { HTTPS_PROXY: "ftp://alice:hush@p" };
  const { message } = assertThrows(() => clientOptions(CLIENT, environment), Error, "HTTPS_PROXY is no proxy");
  assertFalse(/hush|alice/.test(message), message);
  assertEquals(chosen(environment, "--out=:1"), undefined);
  const wrong = assertThrows(() => clientOptions([...CLIENT, "--proxy=http://alice:hush"]), Error);
  assertFalse(/hush|alice/.test(wrong.message), wrong.message);
});
