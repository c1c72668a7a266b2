/** Destinations by SOCKS: curl through a tunnel whose carriers break, what is not allowed, and what is not there. */
import { assert, assertEquals } from "@std/assert";
import { scenario } from "../support/scenario.ts";
import { program, requires } from "../support/skip.ts";
import { freePort } from "../support/user_programs.ts";
import { within } from "../support/wait.ts";

/** What curl makes of a page by a SOCKS proxy: its exit code, and what it prints. */
async function curl(socks: number, url: string, ...more: string[]): Promise<{ code: number; text: string }> {
  const args = ["-sS", "--max-time", "30", "--socks5-hostname", `127.0.0.1:${socks}`, ...more, url];
  const command = new Deno.Command(program("curl"), { args, stdin: "null", stdout: "piped", stderr: "piped" });
  const { code, stdout, stderr } = await within(command.output(), 35_000, `curl ${url}`);
  return { code, text: new TextDecoder().decode(code === 0 ? stdout : stderr).trim() };
}

Deno.test({
  name: "curl reaches what is allowed by name and by address, over carriers that break, and is told what is not",
  ...requires("curl"),
  fn: scenario(90_000, async (s) => {
    const web = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => new Response(`${new URL(request.url).pathname} of ${request.headers.get("host")}\n`),
    );
    s.defer(() => web.shutdown());
    const [{ port }, nobody] = [web.addr, freePort()];
    // A name is not enough for an address of the server's own machine: the literal allows that.
    const allows = [`localhost:${port}`, `127.0.0.1:${port}`, `127.0.0.0/8:${nobody}`, "name.invalid:*"];
    const server = await s.start("server", ["--out=127.0.0.1:0", ...allows.map((allow) => `--allow=${allow}`)]);
    const breaker = await s.breaker(server.port);
    const client = await s.start("client", [`--out=127.0.0.1:${breaker.port}`, "--socks=127.0.0.1:0"]);
    for (let round = 0; round < 4; round++) {
      for (const host of ["localhost", "127.0.0.1"]) {
        const answer = await curl(client.port, `http://${host}:${port}/${round}`);
        assertEquals(answer, { code: 0, text: `/${round} of ${host}:${port}` });
      }
      breaker.reset();
    }
    assert(breaker.broken >= 4);
    // curl's 97: the proxy has refused; the number is the reply's.
    const cases: [url: string, reply: number, line: RegExp][] = [
      [`http://127.0.0.1:${nobody}/`, 5, /connection refused/],
      [`http://127.0.0.2:${port}/`, 2, /does not lead this client to 127\.0\.0\.2:\d+/],
      ["http://169.254.169.254/", 2, /does not lead this client to 169\.254\.169\.254:80/],
      ["http://example.com/", 2, /does not lead this client to example\.com:80/],
      ["http://name.invalid/", 4, /name\.invalid: the name cannot be resolved/],
    ];
    for (const [url, reply, line] of cases) {
      const { code, text } = await curl(client.port, url);
      assertEquals([code, text.includes(`(${reply})`)], [97, true], text);
      for (const side of [client, server]) await side.logged(line, 5_000);
    }
  }),
});

Deno.test({
  name: "a token's line says whether its client may name destinations",
  ...requires("curl"),
  fn: scenario(60_000, async (s) => {
    const web = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response("a page\n"));
    s.defer(() => web.shutdown());
    const { port } = web.addr;
    const write = async (name: string, text: string) => {
      await Deno.writeTextFile(`${s.home}/${name}`, text, { mode: 0o600 });
      return `--token-file=${s.home}/${name}`;
    };
    const [alice, bob] = ["alice her-token-for-this-test", "bob his-token-for-this-test-"];
    const tokens = await write("tokens", `${alice} services=*:*\n${bob} services=db\n`);
    const args = ["--out=127.0.0.1:0", `--allow=127.0.0.1:${port}`, `--service=db=127.0.0.1:${port}`, tokens];
    const server = await s.start("server", args);
    for (const [name, line, allowed] of [["alice", alice, true], ["bob", bob, false]] as const) {
      const own = await write(name, `${line}\n`);
      const client = await s.start("client", [`--out=127.0.0.1:${server.port}`, "--socks=127.0.0.1:0", own]);
      const { code, text } = await curl(client.port, `http://127.0.0.1:${port}/`);
      assertEquals([code, allowed ? text : text.includes("(2)")], allowed ? [0, "a page"] : [97, true]);
    }
  }),
});
