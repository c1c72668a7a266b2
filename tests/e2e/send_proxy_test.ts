/** `--send-proxy`: a real HAProxy reads the header, and is told who the user is, or whose word is not taken. */
import { assertEquals } from "@std/assert";
import { decodeHex } from "@std/encoding/hex";
import { PROTOCOL, protocolServer, tlsFiles } from "../support/rfd80_peer.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { program, requires } from "../support/skip.ts";
import { freePort } from "../support/user_programs.ts";
import { pause, until, within } from "../support/wait.ts";

/** An HAProxy that takes PROXY headers alone and answers each request with who its client is. Returns its port. */
async function startWhoAmI(s: Scenario): Promise<number> {
  const [file, port] = [`${s.home}/who.cfg`, freePort()];
  await Deno.writeTextFile(
    file,
    [
      "defaults",
      "  mode http",
      "  timeout connect 5s",
      "  timeout client 20s",
      "  timeout server 20s",
      "listen who",
      `  bind 127.0.0.1:${port} accept-proxy`,
      '  http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst] %[dst_port]"',
      "",
    ].join("\n"),
  );
  const child = new Deno.Command(program("haproxy"), { args: ["-db", "-f", file], stdout: "null", stderr: "null" })
    .spawn();
  s.defer(async () => {
    child.kill("SIGKILL");
    await child.status;
  });
  const isThere = async () => {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return true;
    } catch {
      return false;
    }
  };
  await within(
    (async () => {
      while (!await isThere()) await pause(20);
    })(),
    10_000,
    "HAProxy",
  );
  return port;
}

/** What HAProxy says of a user who connects to `to`, and the user's own port. */
async function whoAmI(to: Deno.ConnectOptions | Deno.UnixConnectOptions): Promise<{ said: string; port: number }> {
  using user = "path" in to ? await Deno.connect(to) : await Deno.connect(to);
  await user.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  const text = await within(new Response(user.readable).text(), 20_000, "an answer of HAProxy");
  return { said: text.split("\r\n\r\n")[1] ?? text, port: "port" in user.localAddr ? user.localAddr.port : 0 };
}

const here = (port: number) => ({ hostname: "127.0.0.1", port });

Deno.test({
  name: "HAProxy is told the user that a client with the token's word tells, else the tele client itself",
  ...requires("haproxy"),
  fn: scenario(60_000, async (s) => {
    const who = await startWhoAmI(s);
    const [alice, bob] = ["alice a-token-for-her-alone-1234", "bob a-token-for-him-alone-12345"];
    const put = (name: string, text: string) => Deno.writeTextFile(`${s.home}/${name}`, text, { mode: 0o600 });
    await put("tokens", `${alice} addresses=trusted\n${bob}\n`);
    await put("alice", `${alice}\n`);
    await put("bob", `${bob}\n`);
    const server = await s.server(who, 0, {
      args: [`--service=web=127.0.0.1:${who}`, "--send-proxy", `--token-file=${s.home}/tokens`],
    });
    for (const name of ["alice", "bob"]) {
      const client = await s.client(server.port, 0, {
        args: [
          "--forward=127.0.0.1:0=web",
          `--forward=unix:${s.home}/${name}.sock=web`,
          `--token-file=${s.home}/${name}`,
        ],
      });
      for (const { port: place } of client.listens.slice(0, 2)) {
        const { said, port } = await whoAmI(here(place));
        const [host, from, toHost, to] = said.split(" ");
        assertEquals([host, toHost], ["127.0.0.1", "127.0.0.1"], said);
        if (name === "alice") assertEquals([Number(from), Number(to)], [port, place]);
        // Its carrier comes from another port, and goes to the server's.
        else assertEquals([Number(from) === port, Number(to)], [false, server.port]);
      }
      // A user by a unix socket has no address, so it is the client's.
      const { said } = await whoAmI({ transport: "unix", path: `${s.home}/${name}.sock` });
      assertEquals(said.split(" ").at(-1), String(server.port), said);
    }
  }),
});

Deno.test({
  name: "of a tele client whose own address is not known HAProxy is told nothing, and takes the connection's",
  ...requires("haproxy"),
  fn: scenario(60_000, async (s) => {
    const who = await startWhoAmI(s);
    await s.start("server", [`--out=unix:${s.home}/out`, `--in=127.0.0.1:${who}`, "--send-proxy"]);
    const client = await s.start("client", [`--out=unix:${s.home}/out`, "--in=127.0.0.1:0"]);
    const { said } = await whoAmI(here(client.port));
    assertEquals(said.split(" ").at(-1), String(who), said);
  }),
});

Deno.test({
  name: "in RFD 80 mode HAProxy is told of the tele client, whose connection a user's is there",
  ...requires("haproxy"),
  fn: scenario(60_000, async (s) => {
    const server = await protocolServer(s, await startWhoAmI(s), ["--send-proxy"]);
    const { client: ofTls } = await tlsFiles(s);
    const args = [`--protocol=${PROTOCOL}`, ...ofTls];
    const client = await s.start("client", [`--out=localhost:${server.port}`, "--in=127.0.0.1:0", ...args]);
    const { said, port } = await whoAmI(here(client.port));
    const [host, from, , to] = said.split(" ");
    assertEquals([host, Number(from) === port, Number(to)], ["127.0.0.1", false, server.port], said);
  }),
});

Deno.test(
  "the header is the first that a user's server hears, and the user's bytes follow",
  scenario(60_000, async (s) => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const server = await s.server(listener.addr.port, 0, { args: ["--send-proxy"] });
    const client = await s.client(server.port);
    using user = await Deno.connect(here(client.port));
    await user.write(new TextEncoder().encode("hello"));
    using conn = await within(listener.accept(), 20_000, "the connection");
    const came = new Uint8Array(28 + 5);
    let length = 0;
    const reading = (async () => {
      while (length < came.length) {
        const count = await conn.read(came.subarray(length));
        if (count === null) break;
        length += count;
      }
    })();
    await until(() => length === came.length, 20_000, "the header and the user's bytes");
    await reading;
    assertEquals(came.subarray(0, 16), decodeHex("0d0a0d0a000d0a515549540a2111000c"));
    assertEquals(new TextDecoder().decode(came.subarray(28)), "hello");
  }),
);
