/** A command's pipes as a connection. */
import { assertEquals, assertRejects } from "@std/assert";
import { CommandDuplex } from "../../../../lib/net/command/command_duplex.ts";
import { RunningCommand } from "../../../../lib/net/command/running_command.ts";
import { TeleError } from "../../../../lib/net/error.ts";
import { FakeClock, settle } from "../../../support/fake_clock.ts";
import { FakeProcess } from "../../../support/fake_process.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** A connection to a command. */
function open(): { clock: FakeClock; process: FakeProcess; duplex: CommandDuplex } {
  const [clock, process] = [new FakeClock(), new FakeProcess()];
  const duplex = new CommandDuplex(process, new RunningCommand(process, clock, () => {}), "exec:true");
  return { clock, process, duplex };
}

/** What a read gives. */
async function read(duplex: CommandDuplex, size: number): Promise<string | null> {
  const into = new Uint8Array(size);
  const count = await duplex.read(into);
  return count === null ? null : new TextDecoder().decode(into.subarray(0, count));
}

Deno.test("bytes come and go, in pieces as they are asked for, and memory stays with who reads", async () => {
  const { process, duplex } = open();
  process.write("hello");
  const into = new Uint8Array(3);
  assertEquals([await duplex.read(into), new TextDecoder().decode(into)], [3, "hel"]);
  assertEquals(into.buffer.byteLength, 3, "it was not taken away");
  assertEquals(await read(duplex, 100), "lo");
  const sent = bytes("answer");
  await duplex.write(sent);
  assertEquals([process.written.length, sent.byteLength], [6, 6]);
  process.write("x".repeat(200_000));
  let total = 0;
  while (total < 200_000) total += await duplex.read(new Uint8Array(1 << 20)) ?? 0;
  duplex.close();
});

Deno.test("a half-close closes the command's input, and reading goes on to its end", async () => {
  const { process, duplex } = open();
  await duplex.closeWrite();
  assertEquals([process.isInputClosed, process.signals], [true, []]);
  process.write("late");
  assertEquals(await read(duplex, 8), "late");
  process.end(0);
  assertEquals(await read(duplex, 8), null);
});

Deno.test("a command that fails is an error with its last line, for who reads as for who writes", async () => {
  const reading = open();
  reading.process.write("frames");
  assertEquals(await read(reading.duplex, 8), "frames");
  reading.process.say("Connection closed by remote host\n");
  reading.process.end(255);
  const sentence = "the command ended with exit code 255: Connection closed by remote host";
  const error = await assertRejects(() => reading.duplex.read(new Uint8Array(8)), TeleError);
  assertEquals([error.code, error.message], ["carrier-lost", sentence]);
  const writing = open();
  writing.process.say("Connection closed by remote host\n");
  writing.process.end(255);
  assertEquals((await assertRejects(() => writing.duplex.write(bytes("x")), TeleError)).message, sentence);
});

Deno.test("a command that ends well without a byte leads nowhere, and says so", async () => {
  const ended = open();
  ended.process.end(0);
  await assertRejects(
    () => ended.duplex.read(new Uint8Array(8)),
    TeleError,
    "ended with exit code 0 and wrote nothing",
  );
  const written = open();
  written.process.end(0);
  await assertRejects(() => written.duplex.write(bytes("x")), TeleError, "ended with exit code 0 and wrote nothing");
  const closed = open();
  const reading = closed.duplex.read(new Uint8Array(8));
  const failing = assertRejects(() => reading, TeleError, "closed its standard output and wrote nothing");
  closed.process.closeOutput();
  await settle();
  await closed.clock.advance(500);
  await failing;
});

Deno.test("a pipe that breaks while the command goes on is told as the system tells it", async () => {
  const { clock, process, duplex } = open();
  process.isThere = false;
  const writing = assertRejects(() => duplex.write(bytes("x")), Deno.errors.BrokenPipe);
  await settle();
  await clock.advance(500);
  await writing;
});

Deno.test("closing ends the command and what waits; a write keeps its memory until the pipe lets go", async () => {
  for (const end of ["close", "abort"] as const) {
    const { process, duplex } = open();
    const { promise, resolve } = Promise.withResolvers<void>();
    process.full = promise;
    const reading = assertRejects(() => duplex.read(new Uint8Array(8)), Error, "the connection was closed");
    let isLent = true;
    const writing = assertRejects(
      () => duplex.write(bytes("frames")).finally(() => isLent = false),
      Error,
      "the connection was closed",
    );
    await settle();
    duplex[end]();
    duplex[end]();
    await reading;
    assertEquals([process.signals, isLent], [["SIGTERM"], true]);
    process.end(143, { signal: "SIGTERM", hasClosed: true });
    resolve();
    await writing;
    for (
      const call of [() => duplex.read(new Uint8Array(1)), () => duplex.write(bytes("x")), () => duplex.closeWrite()]
    ) {
      await assertRejects(call, Error, "the connection was closed");
    }
  }
});
