import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Address } from "../../../../lib/net/address.ts";
import { systemClock } from "../../../../lib/net/clock.ts";
import { TeleError } from "../../../../lib/net/error.ts";
import { StatusClient } from "../../../../lib/tunnel/top/status_client.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { aReport, reportJson } from "../../../support/top_reports.ts";

const NEVER = new AbortController().signal;

/** Runs `body` with the port of a server that sends `bytes` behind what it gets, and what it got. */
async function answering(bytes: string, body: (address: Address, got: () => string) => Promise<void>): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let got = "";
  const connections: Promise<void>[] = [];
  const serve = async (connection: Deno.Conn) => {
    using conn = connection;
    const buffer = new Uint8Array(4_096);
    const count = await conn.read(buffer);
    got += new TextDecoder().decode(buffer.subarray(0, count ?? 0));
    for (let rest = new TextEncoder().encode(bytes); rest.length > 0;) rest = rest.subarray(await conn.write(rest));
  };
  const accepting = (async () => {
    for await (const connection of listener) connections.push(serve(connection).catch(() => {}));
  })();
  try {
    await body({ kind: "tcp", host: "127.0.0.1", port: (listener.addr as Deno.NetAddr).port }, () => got);
  } finally {
    listener.close();
    await accepting;
    await Promise.all(connections);
  }
}

function http(status: string, body: string): string {
  return `HTTP/1.1 ${status}\r\nContent-Length: ${
    new TextEncoder().encode(body).length
  }\r\nConnection: close\r\n\r\n${body}`;
}

/** The error of a question that is answered so. */
async function errorOf(bytes: string, token?: string): Promise<TeleError> {
  let error: TeleError | undefined;
  await answering(bytes, async (address) => {
    error = await assertRejects(() => new StatusClient(address, token, systemClock).report(NEVER), TeleError);
  });
  return error!;
}

Deno.test("a process is asked for its report, with its token", async () => {
  await answering(http("200 OK", reportJson(aReport())), async (address, got) => {
    assertEquals(await new StatusClient(address, "s3cret", systemClock).report(NEVER), aReport());
    const [first, ...fields] = got().toLowerCase().split("\r\n");
    assertEquals(first, "get /api/sessions http/1.1");
    assert(fields.includes("authorization: bearer s3cret"));
    assert(fields.some((field) => /^host: 127\.0\.0\.1:\d+$/.test(field)), got());
  });
});

Deno.test("a proxy of the environment is not told", async () => {
  const before = Deno.env.get("HTTP_PROXY");
  try {
    Deno.env.set("HTTP_PROXY", "http://127.0.0.1:1");
    await answering(http("200 OK", reportJson(aReport())), async (address, got) => {
      await new StatusClient(address, undefined, systemClock).report(NEVER);
      assert(!/^authorization:/im.test(got()), got());
    });
  } finally {
    if (before === undefined) Deno.env.delete("HTTP_PROXY");
    else Deno.env.set("HTTP_PROXY", before);
  }
});

Deno.test({
  name: "a process is asked at a unix socket",
  ignore: Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/status`;
    const server = Deno.serve(
      { path, onListen() {} },
      (request) => new Response(request.headers.get("host") === "localhost" ? reportJson(aReport()) : "another host"),
    );
    try {
      assertEquals(await new StatusClient({ kind: "unix", path }, undefined, systemClock).report(NEVER), aReport());
    } finally {
      await server.shutdown();
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("where nobody is, it says what to do", async () => {
  const nobody = new StatusClient({ kind: "tcp", host: undefined, port: 1 }, undefined, systemClock);
  const refused = await assertRejects(
    () => nobody.report(NEVER),
    TeleError,
    ":1: nobody listens there: start tele with",
  );
  assertEquals(refused.code, "carrier-lost");
  const socket = new StatusClient({ kind: "unix", path: "/nowhere/status" }, undefined, systemClock);
  await assertRejects(() => socket.report(NEVER), TeleError, "unix:/nowhere/status: there is no such socket");
});

Deno.test("a token that is missing or wrong is told, with the option", async () => {
  const none = await errorOf(http("401 Unauthorized", "no"));
  assertEquals(none.code, "refused");
  assert(none.message.endsWith(" asks for a token: give by --token-file the file of its --status-token-file"));
  assert((await errorOf(http("401 Unauthorized", "no"), "wrong")).message.includes(" does not take this token: "));
});

Deno.test("another refusal is told in the words of the process, which cannot steer the terminal", async () => {
  const { message } = await errorOf(http("421 Misdirected Request", `ask as localhost\x1b[2J${"x".repeat(1_000)}`));
  assert(/refuses: ask as localhost\\u001b\[2Jx+…$/.test(message), message);
  assert(message.length < 300);
});

Deno.test("what is no tele is told from one", async () => {
  const others = [
    "SSH-2.0-OpenSSH_9.2\r\n",
    "HTTP/2 200\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    http("200 OK", "<html>"),
    http("200 OK", "{}"),
    http("404 Not Found", "no"),
  ];
  for (const bytes of others) {
    const { code, message } = await errorOf(bytes);
    assertEquals(code, "bad-input", bytes);
    assert(message.includes(" is not the --status of a tele of this version: "), message);
  }
});

Deno.test("an answer that breaks off, or never ends, is an error", async () => {
  assert((await errorOf("")).message.includes("no whole answer came: the connection ended"));
  const broken = await errorOf("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
  assert(broken.message.includes("no whole answer came: the connection ended"), broken.message);
  const endless = await errorOf("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n  ");
  assert(endless.message.includes("longer than"), endless.message);
});

Deno.test("a question that is given up throws why, and one that nobody answers is given up", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const clock = new FakeClock();
  const client = new StatusClient({ kind: "tcp", host: "127.0.0.1", port }, undefined, clock);
  const ending = new AbortController();
  const asking = client.report(ending.signal);
  using _connection = await listener.accept();
  ending.abort(new TeleError("closed", "enough"));
  await assertRejects(() => asking, TeleError, "enough");
  assertEquals(clock.pendingTimers, 0);

  const waiting = client.report(NEVER);
  const thrown = assertRejects(() => waiting, TeleError, `127.0.0.1:${port} does not answer within 5 s`);
  using _other = await listener.accept();
  await clock.advance(4_999);
  assertEquals(clock.pendingTimers, 1);
  await clock.advance(1);
  await thrown;
  listener.close();
});
