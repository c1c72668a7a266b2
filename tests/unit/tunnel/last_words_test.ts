/** What a program wrote before it reset its connection, such as why it refuses, arrives before the reset. */
import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { collect, MIB, text, World } from "../../support/mux_world.ts";
import { RolesHere } from "../../support/roles_here.ts";
import { onUnix } from "../../support/skip.ts";
import { certificates, tlsTest, TlsWorld } from "../../support/tls_world.ts";
import { pause, within } from "../../support/wait.ts";

async function connected(world: World): Promise<{ user: Duplex; upstream: Duplex }> {
  const { user } = world.open();
  await world.attached();
  await world.clock.settle();
  return { user, upstream: world.upstream[0] };
}

function words(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

Deno.test("what came before a reset waits for a user that reads late", async () => {
  await using world = new World();
  const { user, upstream } = await connected(world);
  await world.run(upstream.write(text("no: ")));
  await world.run(upstream.write(text("too large")));
  upstream.abort(new Error("refused"));
  await world.clock.advance(5_000);
  const { bytes, end } = await world.run(collect(user));
  assertEquals([words(bytes), end], ["no: too large", "refused"]);
  assertEquals(world.ends.client, [{ kind: "reset", code: 2, message: "refused", by: "peer" }]);
});

Deno.test("the same from the user's client to its server, also while that is being dialed", async () => {
  await using world = new World();
  world.dialUpstream = () => new Promise((resolve) => void world.clock.setTimer(resolve, 3_000));
  const { user } = world.open();
  await world.attached();
  await world.run(user.write(text("take this")));
  user.abort(new Error("and goodbye"));
  await world.clock.advance(3_000);
  const { bytes, end } = await world.run(collect(world.upstream[0]));
  assertEquals([words(bytes), end], ["take this", "and goodbye"]);
});

Deno.test("a user that takes nothing of what came before a reset is reset after ten seconds, one that reads is not", async () => {
  await using world = new World();
  const { user, upstream } = await connected(world);
  // Within the credit of a new stream, in several writes.
  for (let piece = 0; piece < 10; piece++) await world.run(upstream.write(new Uint8Array(16 * 1024)));
  upstream.abort(new Error("enough"));
  await world.clock.advance(100);
  const into = new Uint8Array(16 * 1024);
  for (let piece = 0; piece < 5; piece++) {
    await world.clock.advance(8_000);
    await user.read(into);
  }
  assertEquals(world.client.streamCount, 1);
  await world.clock.advance(9_900);
  assertEquals(world.client.streamCount, 1);
  await world.clock.advance(200);
  assertEquals(world.client.streamCount, 0);
  await assertRejects(() => user.read(into), Error, "enough");
});

Deno.test("a user's client that still sends comes to read the answer: what it sends goes nowhere", async () => {
  await using world = new World();
  const { user, upstream } = await connected(world);
  await world.run(upstream.write(text("no")));
  upstream.abort(new Error("refused"));
  const sent = user.write(new Uint8Array(2 * MIB));
  await world.run(sent, 1_000, "the end of the upload");
  const { bytes, end } = await world.run(collect(user));
  assertEquals([words(bytes), end], ["no", "refused"]);
});

/** A user's server that fails every write, and has `says` to be read; then `end`. */
function refusing(end: "end" | "error" | "silence", readsAfterFailedWrite = true): Duplex {
  const says = ["no: ", "too ", "large"];
  const failed = Promise.withResolvers<void>();
  return {
    peer: "one that refuses",
    readsAfterFailedWrite,
    async read(into) {
      await failed.promise;
      const piece = says.shift();
      if (piece !== undefined) return new TextEncoder().encodeInto(piece, into).written;
      if (end === "error") throw new Error("read ECONNRESET");
      return end === "end" ? null : await new Promise<never>(() => {});
    },
    write() {
      failed.resolve();
      return Promise.reject(new Error("it takes no more"));
    },
    closeWrite: () => Promise.resolve(),
    abort: () => {},
    close: () => {},
  };
}

for (const end of ["end", "error", "silence"] as const) {
  Deno.test(`what a user's server said is read on when a write to it has failed, up to its ${end}; then it is a reset`, async () => {
    await using world = new World({ server: { dial: () => Promise.resolve(refusing(end)) } });
    const { user } = world.open();
    user.write(new Uint8Array(MIB)).catch(() => {});
    const { bytes, end: how } = await world.run(collect(user), 5_000, "the answer and the reset");
    assertEquals([words(bytes), how], ["no: too large", "it takes no more"]);
    assertEquals(world.server.sessionCount, 1);
  });
}

Deno.test("a connection that cannot be read after a failed write is reset at once", async () => {
  await using world = new World({ server: { dial: () => Promise.resolve(refusing("silence", false)) } });
  const { user } = world.open();
  user.write(text("hello")).catch(() => {});
  assertEquals((await world.run(collect(user), 500, "the reset")).end, "it takes no more");
});

// ---------------------------------------------------------------------------------------------------------------------
// With the system's sockets
// ---------------------------------------------------------------------------------------------------------------------

const ANSWER_BYTES = 40_000;
const UPLOADS = 5;

/** Reads a little of an upload, answers, and closes with the rest unread, which makes the kernel reset. */
async function refuseUploads(listener: Deno.Listener): Promise<void> {
  for await (const connection of listener) {
    const answer = async () => {
      await connection.read(new Uint8Array(1_000));
      for (let sent = 0; sent < ANSWER_BYTES;) sent += await connection.write(new Uint8Array(ANSWER_BYTES - sent));
      connection.close();
    };
    answer().catch(() => {});
  }
}

/** Uploads until that fails, reads late, and tells how much of the answer came. */
async function upload(port: number): Promise<number> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const piece = new Uint8Array(64 * 1024);
  try {
    for (let sent = 0; sent < 5_000_000;) sent += await connection.write(piece);
  } catch {
    // The reset was seen here; what came before it is still there.
  }
  await pause(300);
  let received = 0;
  try {
    for (let n = await connection.read(piece); n !== null; n = await connection.read(piece)) received += n;
  } catch {
    // Seen here.
  }
  return received;
}

async function assertWhole(upstream: string, serverFlags: string[] = [], clientFlags: string[] = []): Promise<void> {
  await using roles = await RolesHere.start(upstream, serverFlags, clientFlags);
  const uploads = Array.from({ length: UPLOADS }, () => upload(roles.port));
  const answers = await within(Promise.all(uploads), 30_000, "all uploads");
  assertEquals(answers, new Array(UPLOADS).fill(ANSWER_BYTES));
}

Deno.test("the answer of a server that refuses an upload arrives whole", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  refuseUploads(listener).catch(() => {});
  assertEquals(await upload(listener.addr.port), ANSWER_BYTES, "directly");
  await assertWhole(`127.0.0.1:${listener.addr.port}`);
});

Deno.test({
  name: "the same from a server on a unix socket",
  ...onUnix(),
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      using listener = Deno.listen({ transport: "unix", path: `${folder}/user` });
      refuseUploads(listener as unknown as Deno.Listener).catch(() => {});
      await assertWhole(`unix:${folder}/user`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

async function withFiles(body: (flags: { server: string[]; client: string[] }) => Promise<void>): Promise<void> {
  const { server, ca } = await certificates();
  const folder = await Deno.makeTempDir();
  try {
    const files = Object.entries({ cert: server.cert, key: server.key, ca: ca.cert });
    for (const [name, pem] of files) await Deno.writeTextFile(`${folder}/${name}`, pem);
    await body({
      server: [`--tls-cert=${folder}/cert`, `--tls-key=${folder}/key`],
      client: [`--tls-ca=${folder}/ca`, "--tls-name=localhost"],
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const [where, flags] of [["a session over TLS", []], ["RFD 80 mode", ["--protocol=x"]]] as const) {
  tlsTest(`the answer of a server that refuses an upload arrives whole in ${where}`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    refuseUploads(listener).catch(() => {});
    await withFiles(({ server, client }) =>
      assertWhole(`127.0.0.1:${listener.addr.port}`, [...flags, ...server], [...flags, ...client])
    );
  });
}

tlsTest("what came before a failed write can still be read, and then no clean end", async () => {
  const world = await TlsWorld.start();
  try {
    const [dialed, accepted] = await world.pair();
    await accepted.duplex.write(new Uint8Array(ANSWER_BYTES));
    const sending = async () => {
      while (true) await dialed.duplex.write(new Uint8Array(64 * 1024));
    };
    const failing = assertRejects(sending);
    // So that the answer is there, and the kernel's buffers are full.
    await pause(200);
    accepted.duplex.abort();
    await failing;
    const { bytes, end } = await within(collect(dialed.duplex), 5_000, "the answer");
    assertEquals(bytes.length, ANSWER_BYTES);
    assertNotEquals(end, "end");
  } finally {
    world.close();
  }
});
