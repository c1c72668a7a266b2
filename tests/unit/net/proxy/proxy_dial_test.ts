/** Connecting by a proxy: over memory whatever it says, and over a socket who is told what. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { ConnectNegotiation } from "../../../../lib/net/proxy/connect.ts";
import { parseProxy } from "../../../../lib/net/proxy/proxy.ts";
import { dialByProxy, negotiate } from "../../../../lib/net/proxy/proxy_dial.ts";
import { Socks5Negotiation } from "../../../../lib/net/proxy/socks5.ts";
import { certificates, tlsTest } from "../../../support/tls_world.ts";
import { within } from "../../../support/wait.ts";

const TARGET = { host: "example.com", port: 40300 };
const PLACE = "example.com:40300";
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("what comes behind the answer, in whatever pieces, is read from the carrier", async () => {
  const answer = "HTTP/1.1 200 OK\r\n\r\nframes";
  for (let cut = 1; cut <= answer.length; cut++) {
    const [near, proxy] = duplexPair();
    const dialing = negotiate(near, new ConnectNegotiation(TARGET), PLACE);
    await proxy.read(new Uint8Array(512));
    const saying = (async () => {
      await proxy.write(bytes(answer.slice(0, cut)));
      if (cut < answer.length) await proxy.write(bytes(answer.slice(cut)));
    })();
    const carrier = await dialing;
    assertEquals(carrier.peer, PLACE);
    let read = "";
    const into = new Uint8Array(64);
    while (read.length < "frames".length) {
      read += new TextDecoder().decode(into.subarray(0, await carrier.read(into) ?? 0));
    }
    assertEquals(read, "frames", `cut at ${cut}`);
    await saying;
    carrier.close();
  }
});

Deno.test("a proxy that ends before the way is open, at whichever byte, is told, and its connection is closed", async () => {
  const answer = "HTTP/1.1 200 OK\r\n\r\n";
  for (let cut = 0; cut < answer.length; cut++) {
    const [near, proxy] = duplexPair();
    const dialing = negotiate(near, new ConnectNegotiation(TARGET), PLACE);
    const failing = assertRejects(() => dialing, TeleError, cut === 0 ? "without an answer" : "in the middle");
    await proxy.read(new Uint8Array(512));
    if (cut > 0) await proxy.write(bytes(answer.slice(0, cut)));
    await proxy.closeWrite();
    await failing;
    await assertRejects(() => near.write(new Uint8Array(1)));
  }
});

Deno.test("a talk that is given up closes the connection at once, at whichever step", async () => {
  for (const steps of [[], [[5, 0]], [[5, 0], [5, 0, 0]]]) {
    const [near, proxy] = duplexPair();
    const giveUp = new AbortController();
    const dialing = negotiate(near, new Socks5Negotiation(TARGET), PLACE, giveUp.signal);
    const failing = assertRejects(() => dialing);
    for (const step of steps) {
      await proxy.read(new Uint8Array(64));
      await proxy.write(new Uint8Array(step));
    }
    giveUp.abort();
    await failing;
    await assertRejects(() => proxy.write(new Uint8Array(1)));
  }
  const [near] = duplexPair();
  await assertRejects(() => negotiate(near, new Socks5Negotiation(TARGET), PLACE, AbortSignal.abort()));
});

/** A proxy on a port of this machine that answers each connection by `answer`. */
function listen(answer: (connection: Deno.Conn) => Promise<void>): { port: number; [Symbol.dispose](): void } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  (async () => {
    for await (const connection of listener) answer(connection).catch(() => {}).finally(() => close(connection));
  })().catch(() => {});
  return { port: listener.addr.port, [Symbol.dispose]: () => listener.close() };
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // The other side was quicker.
  }
}

Deno.test("an error names the target, the proxy without its password, and what to change", async () => {
  using refusing = listen(async (connection) => {
    await connection.read(new Uint8Array(512));
    await connection.write(bytes("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n"));
    await connection.read(new Uint8Array(512));
  });
  const proxy = parseProxy(`http://alice:hush@127.0.0.1:${refusing.port}`);
  const { code, message } = await assertRejects(() => dialByProxy(proxy, TARGET), TeleError);
  assertEquals(code, "refused");
  assertEquals(
    message,
    `${PLACE}: the proxy http://127.0.0.1:${refusing.port} does not accept that user name and password (407): ` +
      "correct them in its URL",
  );
});

Deno.test("a proxy that cannot be reached, or resets, is told as that and is an outage like any other", async () => {
  const probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = probe.addr;
  probe.close();
  const nobody = parseProxy(`http://alice:hush@127.0.0.1:${port}`);
  const refused = await assertRejects(() => dialByProxy(nobody, TARGET), TeleError);
  assertEquals([refused.code, refused.message], [
    "carrier-lost",
    `${PLACE}: the proxy http://127.0.0.1:${port} cannot be reached: 127.0.0.1:${port}: connection refused`,
  ]);
  const unknown = parseProxy("socks5://no-such-host.invalid");
  const name = await assertRejects(() => dialByProxy(unknown, TARGET), TeleError);
  assertEquals(name.code, "carrier-lost");
  assertStringIncludes(name.message, "the proxy socks5://no-such-host.invalid:1080 cannot be reached: ");
});

Deno.test("a silent proxy is told as soon as it has accepted, and given up at once", async () => {
  using silent = listen(async (connection) => {
    while (await connection.read(new Uint8Array(512)) !== null);
  });
  for (const scheme of ["http", "socks5"]) {
    const giveUp = new AbortController();
    let told = "";
    const proxy = parseProxy(`${scheme}://127.0.0.1:${silent.port}`);
    const dialing = dialByProxy(proxy, TARGET, giveUp.signal, (silence) => {
      told = silence ?? "";
      setTimeout(() => giveUp.abort(new Error("too late")), 5);
    });
    await within(assertRejects(() => dialing, Error, "too late"), 2_000, "the end of the dial");
    assertEquals(
      told,
      `the proxy ${scheme}://127.0.0.1:${silent.port} takes connections but does not answer: ` +
        `either ${PLACE} does not answer it (check --out), or it is no such proxy (check its scheme, host and port)`,
    );
  }
});

tlsTest("a proxy that is to speak TLS: one whose certificate nobody trusts, and one that speaks none", async () => {
  const { server } = await certificates();
  const secure = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...server });
  (async () => {
    for await (const connection of secure) {
      await connection.handshake().catch(() => {});
      close(connection);
    }
  })().catch(() => {});
  const failure = async (port: number) => {
    const dialing = () => dialByProxy(parseProxy(`https://alice:hush@127.0.0.1:${port}`), TARGET);
    const { code, message } = await assertRejects(dialing, TeleError);
    assert(!/hush|--tls/.test(message), message);
    return `${code}: ${message}`;
  };
  assertStringIncludes(await failure(secure.addr.port), "that this machine does not trust");
  secure.close();
  using plain = listen(async (connection) => {
    await connection.read(new Uint8Array(512));
    await connection.write(bytes("HTTP/1.1 400 Bad Request\r\n\r\n"));
  });
  const told = await failure(plain.port);
  assertStringIncludes(told, "protocol: ");
  assertStringIncludes(told, "speaks no TLS: write http:// or socks5:// in front of it");
  using closing = listen(async (connection) => void await connection.read(new Uint8Array(512)));
  assertStringIncludes(await failure(closing.port), "carrier-lost: ");
  assertStringIncludes(await failure(closing.port), "if it speaks no TLS, write http:// or socks5://");
});
