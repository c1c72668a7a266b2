/** The library seals its carriers where it is asked to, and says so where it cannot. */
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { systemClock } from "../../../lib/net/clock.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { silentLog } from "../../../lib/net/log.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { streamsFromDuplex } from "../../../lib/net/web.ts";
import { type ConnectOptions, connectSession, type ServeOptions, serveSessions } from "../../../lib/mux/web_link.ts";
import { SealedEntrance, sealsCarriers } from "../../../lib/mux/web_seal.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { tlsTest } from "../../support/tls_world.ts";
import { OTHER, TOKEN } from "../../support/tokens.ts";

/** The first byte of a record of TLS that carries a handshake, and of one that carries what is sent. */
const [TLS_HANDSHAKE, TLS_DATA] = [0x16, 0x17];

/** What the far end's stream echoes to a client, and all bytes that passed between the two, as Latin-1. */
async function exchange(client: Partial<ConnectOptions>, server: Partial<ServeOptions>, words: string) {
  let passed = "";
  const tap = () =>
    new TransformStream<Uint8Array, Uint8Array>({
      transform(bytes, controller) {
        passed += String.fromCharCode(...bytes);
        controller.enqueue(bytes);
      },
    });
  const served = serveSessions({
    onStream: ({ readable, writable }) => readable.pipeTo(writable).catch(() => {}),
    ...server,
  });
  const session = connectSession({
    dial: () => {
      const [up, down] = [tap(), tap()];
      served.accept({ readable: up.readable, writable: down.writable });
      return Promise.resolve({ readable: down.readable, writable: up.writable });
    },
    ...client,
  });
  const { readable, writable } = session.open();
  const [writer, reader] = [writable.getWriter(), readable.getReader()];
  const writing = writer.write(new TextEncoder().encode(words)).catch(() => {});
  const answer = await reader.read().then(({ value }) => new TextDecoder().decode(value), (error) => error);
  await writing;
  await session.close();
  await served.close();
  return { answer, passed };
}

tlsTest("with a token and encryption at both ends nothing of what is sent is seen between them", async () => {
  const words = "nobody else reads these words";
  const options = { token: TOKEN, encryption: "always" } as const;
  const { answer, passed } = await exchange(options, options, words);
  assertEquals(answer, words);
  assert(!passed.includes("these words"));
  assertEquals(passed.charCodeAt(0), TLS_HANDSHAKE);
  assert(passed.includes(String.fromCharCode(TLS_DATA, 3, 3)));
  const plain = await exchange({ token: TOKEN }, { token: TOKEN }, words);
  assertEquals([plain.answer, plain.passed.includes(words)], [words, true], "a token alone says who may connect");
});

tlsTest("named tokens seal as well", async () => {
  const encryption = "always";
  const { answer } = await exchange(
    { token: OTHER, tokenName: "bob", encryption },
    { tokens: [{ name: "bob", token: OTHER }], encryption },
    "bob's",
  );
  assertEquals(answer, "bob's");
});

tlsTest("who seals at one end only gets a sentence, and nothing in plain", async () => {
  const always = { token: TOKEN, encryption: "always" } as const;
  const never = { token: TOKEN } as const;
  const cases = [
    [always, never, "--encryption=never, this side seals its carriers"],
    [never, always, "takes sealed carriers only, and this side does not seal"],
  ] as const;
  for (const [client, server, sentence] of cases) {
    const { answer, passed } = await exchange(client, server, "a secret of mine");
    assertStringIncludes(String(answer), sentence);
    assert(!passed.includes("a secret of mine"));
  }
});

Deno.test("encryption that cannot be is refused at once, at both ends, with what to change", () => {
  const wrong = [
    [{ encryption: "always" }, 'the encryption "always" needs a token: give the same one to both ends'],
    [{ token: TOKEN, encryption: "auto" }, 'the encryption of a session is "always" or "never", not "auto"'],
  ] as const;
  for (const [options, sentence] of wrong) {
    const given = options as { encryption: "always" };
    const client = () => connectSession({ ...given, dial: () => new Promise(() => {}) });
    const server = () => serveSessions({ ...given, onStream: () => {} });
    for (const begin of [client, server]) assertEquals(assertThrows(begin, TeleError, sentence).code, "bad-input");
  }
  assertEquals([sealsCarriers({}), sealsCarriers({ token: TOKEN, encryption: "never" })], [false, false]);
});

tlsTest("a carrier that is none, and one that says nothing, are closed, and told or not", async () => {
  const clock = new FakeClock();
  const lines: string[] = [];
  const entrance = new SealedEntrance(clock, (_level, message) => lines.push(message));
  const [near, far] = duplexPair();
  const entering = entrance.unsealed(near);
  await far.write(new Uint8Array([TLS_HANDSHAKE, 3, 1, 0, 5, 1, 0, 0, 1, 0]));
  assertEquals(await entering, undefined);
  assertEquals(lines.length, 1);
  far.close();

  const [silent, other] = duplexPair();
  const waiting = entrance.unsealed(silent);
  await clock.advance(10_000);
  assertEquals(await waiting, undefined);
  await assertRejects(() => other.read(new Uint8Array(1)));
  assertStringIncludes(lines[1]!, "no complete handshake within 10 s");

  const [gone, leaving] = duplexPair();
  leaving.close();
  assertEquals([await entrance.unsealed(gone), lines.length], [undefined, 2]);
  entrance.stop();
  assertEquals(clock.pendingTimers, 0);
});

tlsTest("what is no TLS is handed on as it came, for its handshake to refuse", async () => {
  const entrance = new SealedEntrance(systemClock, silentLog);
  const [near, far] = duplexPair();
  const entering = entrance.unsealed(near);
  const writing = far.write(new Uint8Array([0, 0, 0, 72]));
  const bytes = new Uint8Array(4);
  const carrier = await entering;
  assertEquals([await carrier?.read(bytes), ...bytes], [4, 0, 0, 0, 72]);
  await writing;
  streamsFromDuplex(carrier!);
  far.close();
  near.close();
  entrance.stop();
});
