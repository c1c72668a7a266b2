/** What a program wrote before it reset its connection arrives before the reset, through the system's sockets. */
import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { collect } from "../support/reading.ts";
import { RolesHere } from "../support/roles_here.ts";
import { onUnix } from "../support/skip.ts";
import { certificates, tlsTest, TlsWorld } from "../support/tls_world.ts";
import { pause, within } from "../support/wait.ts";

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
    // The reset was seen here.
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
    // Until the answer is there, and the kernel's buffers are full.
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
