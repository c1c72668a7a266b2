/** The small parts of the tunnel: the identity file, the watch on clocks and addresses, and what the log says. */
import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { decodeHex } from "@std/encoding/hex";
import { fileURLToPath } from "node:url";
import type { MuxStream, StreamEnd } from "../../../lib/mux/stream.ts";
import { systemClock } from "../../../lib/net/clock.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { isNodeSound } from "../../../lib/net/node_duplex.ts";
import { parseCommandLine } from "../../../lib/tunnel/command_line/command_line.ts";
import { Environment } from "../../../lib/tunnel/roles/environment.ts";
import { loadIdentity, stateFolder } from "../../../lib/tunnel/files/identity_file.ts";
import { machineName } from "../../../lib/tunnel/files/machine.ts";
import { LineWriter } from "../../../lib/tunnel/log/line_writer.ts";
import { makeDialer } from "../../../lib/tunnel/roles/outer_dialer.ts";
import { StreamLog } from "../../../lib/tunnel/log/stream_log.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { within } from "../../support/wait.ts";

/** Deno 2.9 can ask for a lock without waiting for it; 2.6 cannot, and shares the file. */
const CAN_LOCK = isNodeSound();

// Identity.

/** A process that holds an identity until it is told to end. */
class Holder implements AsyncDisposable {
  readonly publicKey: string;
  readonly log: string[];
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess, said: { publicKey: string; log: string[] }) {
    this.#child = child;
    this.publicKey = said.publicKey;
    this.log = said.log;
  }

  static async start(
    folder: string,
    listen = "127.0.0.1:2222",
    server = "example.com:40300",
    machine = machineName(),
  ): Promise<Holder> {
    const main = fileURLToPath(new URL("../../support/identity_main.ts", import.meta.url));
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--v8-flags=--expose-gc", main, folder, listen, server, machine],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = child.stdout.getReader();
    let said = "";
    while (!said.includes("\n")) {
      const { value, done } = await within(reader.read(), 20_000, "the identity process");
      if (done) throw new Error(`the identity process ended with ${JSON.stringify(said)}`);
      said += new TextDecoder().decode(value);
    }
    await reader.cancel();
    return new Holder(child, JSON.parse(said));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close();
    await within(this.#child.status, 20_000, "the end of the identity process");
  }
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "tele-unit-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function identityFiles(folder: string): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  return names.filter((name) => name.startsWith("identity-")).sort();
}

Deno.test("an identity is made once, for its owner only, and is the same in the next process", () =>
  inFolder(async (base) => {
    const folder = `${base}/not/there/yet`;
    let publicKey: string;
    {
      await using first = await Holder.start(folder);
      publicKey = first.publicKey;
      assertEquals([first.publicKey.length, first.log], [64, []]);
    }
    const [name, ...others] = await identityFiles(folder);
    assertEquals(others, []);
    assertEquals((await Deno.stat(`${folder}/${name}`)).mode! & 0o777, 0o600);
    assertEquals((await Deno.stat(folder)).mode! & 0o777, 0o700);
    await using second = await Holder.start(folder);
    assertEquals([second.publicKey, second.log], [publicKey, []]);
  }));

Deno.test("each server and each listen address has an identity of its own", () =>
  inFolder(async (folder) => {
    await using first = await Holder.start(folder, "127.0.0.1:1", "a:1");
    await using second = await Holder.start(folder, "127.0.0.1:1", "b:1");
    await using third = await Holder.start(folder, "127.0.0.1:2", "a:1");
    assertEquals(new Set([first, second, third].map(({ publicKey }) => publicKey)).size, 3);
    assertEquals((await identityFiles(folder)).length, 3);
  }));

Deno.test("in a folder that was copied to another machine a client makes an identity of its own, and says so once", () =>
  inFolder(async (folder) => {
    await using first = await Holder.start(folder, ":1", "a:1", "one laptop");
    assertEquals(first.log, []);
    await using copied = await Holder.start(folder, ":1", "a:1", "another laptop");
    assertNotEquals(copied.publicKey, first.publicKey);
    assertEquals(copied.log.length, 1);
    assertMatch(copied.log[0], /^info the identity in .* is another machine's, or this one's under a former host name/);
    const names = await identityFiles(folder);
    assertEquals(new Set(names.map((name) => name.slice(0, 25))).size, 1);
    // Another client on that machine has nothing to be told of.
    await using other = await Holder.start(folder, ":2", "a:1", "another laptop");
    assertEquals([names.length, other.log], [2, []]);
  }));

Deno.test("a machine is named by its machine id, where there is one, and its host name, and keeps its name", () => {
  const machine = (files: Record<string, string>, host?: string) =>
    machineName({
      readFile: (path) =>
        files[path] ?? (() => {
          throw new Deno.errors.NotFound(path);
        })(),
      hostName: () =>
        host ?? (() => {
          throw new Deno.errors.NotCapable("hostname");
        })(),
    });
  const id = { "/etc/machine-id": "0123456789abcdef\n" };
  const all = [
    machine(id, "one"),
    machine(id, "two"),
    machine({ "/etc/machine-id": "another\n" }, "one"),
    machine({}, "one"),
    machine(id),
    machine({}),
  ];
  assertEquals(new Set(all).size, all.length);
  assertEquals(machine({ "/var/lib/dbus/machine-id": id["/etc/machine-id"] }, "one"), all[0]);
  assertEquals(machine({ "/etc/machine-id": "\n" }, "one"), all[3], "an image that was not started yet");
  assertEquals(machine({}), "");
  assertEquals(machineName(), machineName());
  assertNotEquals(machineName(), "");
});

Deno.test("a second process with the same addresses gets keys of its own, in memory, while the first runs", () =>
  inFolder(async (folder) => {
    let publicKey: string;
    {
      await using first = await Holder.start(folder);
      await using second = await Holder.start(folder);
      publicKey = first.publicKey;
      if (CAN_LOCK) {
        assertNotEquals(second.publicKey, first.publicKey);
        assertEquals(second.log.length, 1);
        assertMatch(second.log[0], /^info another tele client .* in memory only, .* an hour at most$/);
      } else {
        assertEquals(second.publicKey, first.publicKey);
      }
    }
    await using third = await Holder.start(folder);
    assertEquals(third.publicKey, publicKey, "the file is as it was");
  }));

Deno.test("the keys in the file are the keys in use: what one process signs, another verifies", () =>
  inFolder(async (folder) => {
    const { publicKey } = await (async () => {
      await using holder = await Holder.start(folder);
      return holder;
    })();
    const [name] = await identityFiles(folder);
    const [privateText, publicText] = (await Deno.readTextFile(`${folder}/${name}`)).trim().split("\n");
    assertEquals(publicText, publicKey);
    const key = await crypto.subtle.importKey("pkcs8", decodeHex(privateText), "Ed25519", false, ["sign"]);
    const verify = await crypto.subtle.importKey("raw", decodeHex(publicText), "Ed25519", false, ["verify"]);
    const words = new TextEncoder().encode("words");
    assert(await crypto.subtle.verify("Ed25519", verify, await crypto.subtle.sign("Ed25519", key, words), words));
  }));

Deno.test("where the file cannot be kept the identity is in memory, and one warning says why", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "in the way");
    const log: string[] = [];
    const load = () =>
      loadIdentity(`${folder}/file/tele`, ":1", "a:1", (level, message) => log.push(`${level} ${message}`));
    const [first, second] = [await load(), await load()];
    assertEquals([first.isStored, second.isStored], [false, false]);
    assertEquals(log.length, 2);
    assertStringIncludes(log[0], `warn cannot keep a client's identity in ${folder}/file/tele: `);
    assert(!log[0].includes("os error"), log[0]);
    assertStringIncludes(log[0], "in memory only");
    const raw = async (keys: CryptoKeyPair) => new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey));
    assertNotEquals(await raw(first.keys), await raw(second.keys));
  }));

Deno.test("an identity file that makes no sense is left alone, and a warning names its folder", () =>
  inFolder(async (folder) => {
    await (await Holder.start(folder))[Symbol.asyncDispose]();
    const [name] = await identityFiles(folder);
    await Deno.writeTextFile(`${folder}/${name}`, "not\nkeys\n");
    await using holder = await Holder.start(folder);
    assertEquals(holder.log.length, 1);
    assertStringIncludes(holder.log[0], `warn cannot keep a client's identity in ${folder}: `);
    assertEquals(await Deno.readTextFile(`${folder}/${name}`), "not\nkeys\n");
  }));

Deno.test("an identity file that was cut short by a crash is made anew", () =>
  inFolder(async (folder) => {
    await (await Holder.start(folder))[Symbol.asyncDispose]();
    const [name] = await identityFiles(folder);
    await Deno.writeTextFile(`${folder}/${name}`, "");
    {
      await using holder = await Holder.start(folder);
      assertEquals(holder.log, []);
      assertStringIncludes(await Deno.readTextFile(`${folder}/${name}`), holder.publicKey);
    }
  }));

Deno.test("without a state folder the identity is in memory, and a line says what to set, and what follows", async () => {
  const log: string[] = [];
  const { isStored } = await loadIdentity(undefined, ":1", "a:1", (level, message) => log.push(`${level} ${message}`));
  assertEquals([isStored, log.length], [false, 1]);
  assertMatch(log[0], /^info (HOME|LOCALAPPDATA) is not set, .* an hour at most$/);
});

Deno.test("the state folder is where each system keeps state", () => {
  const folder = (os: typeof Deno.build.os, variables: Record<string, string>) =>
    stateFolder((name) => variables[name], os);
  const home = { HOME: "/home/me" };
  assertEquals(folder("linux", home), "/home/me/.local/state/tele");
  assertEquals(folder("freebsd", home), "/home/me/.local/state/tele");
  assertEquals(folder("linux", { ...home, XDG_STATE_HOME: "/state" }), "/state/tele");
  assertEquals(folder("linux", { ...home, XDG_STATE_HOME: "" }), "/home/me/.local/state/tele");
  assertEquals(folder("darwin", home), "/home/me/Library/Application Support/tele");
  assertEquals(folder("darwin", { ...home, XDG_STATE_HOME: "/state" }), "/state/tele");
  assertEquals(
    folder("windows", { ...home, LOCALAPPDATA: "C:\\Users\\me\\AppData\\Local" }),
    "C:\\Users\\me\\AppData\\Local/tele",
  );
  for (const os of ["linux", "darwin", "windows"] as const) assertEquals(folder(os, {}), undefined);
});

// Environment.

/** An environment whose machine the test plays. */
class Machine {
  readonly clock = new FakeClock();
  addresses: string[] | undefined = ["127.0.0.1", "::1", "192.0.2.1"];
  looks = 0;
  /** How long each sleep was, in milliseconds. */
  readonly sleeps: number[] = [];
  readonly moves: ((address: string) => boolean)[] = [];
  readonly environment = new Environment({
    clock: this.clock,
    addresses: () => {
      this.looks++;
      if (this.addresses === undefined) throw new Deno.errors.NotCapable("no --allow-sys");
      return this.addresses;
    },
    onWake: (awayMs) => this.sleeps.push(awayMs),
    onAddresses: (isLocal) => this.moves.push(isLocal),
  });
}

Deno.test("time that passes as it should is no sleep", async () => {
  const machine = new Machine();
  await machine.clock.advance(3_600_000);
  assertEquals([machine.sleeps.length, machine.moves.length], [0, 0]);
  machine.environment.stop();
});

Deno.test("a machine that slept is noticed at the next look, once for each sleep", async () => {
  const machine = new Machine();
  await machine.clock.advance(10_500);
  machine.clock.jumpWall(3_600_000);
  assertEquals(machine.sleeps.length, 0);
  await machine.clock.advance(1_000);
  assertEquals(machine.sleeps.length, 1);
  await machine.clock.advance(60_000);
  assertEquals(machine.sleeps.length, 1);
  machine.clock.jumpWall(5_000);
  await machine.clock.advance(1_000);
  assertEquals(machine.sleeps.length, 2);
  machine.environment.stop();
});

Deno.test("a process that was stopped is noticed too", async () => {
  const machine = new Machine();
  await machine.clock.advance(5_000);
  await machine.clock.stall(30_000);
  const [awayMs, ...others] = machine.sleeps;
  assert(awayMs! > 28_000 && awayMs! <= 30_000 && others.length === 0, `away for ${machine.sleeps} ms`);
  machine.environment.stop();
});

Deno.test("a wall clock that is set a little, or back, is no sleep", async () => {
  const machine = new Machine();
  await machine.clock.advance(5_000);
  machine.clock.jumpWall(2_000);
  await machine.clock.advance(5_000);
  machine.clock.jumpWall(-3_600_000);
  await machine.clock.advance(60_000);
  assertEquals(machine.sleeps.length, 0);
  machine.environment.stop();
});

Deno.test("addresses that change are told, with a way to ask which are still here", async () => {
  const machine = new Machine();
  await machine.clock.advance(10_000);
  machine.addresses = ["::1", "192.0.2.1", "127.0.0.1"];
  await machine.clock.advance(2_000);
  assertEquals(machine.moves.length, 0, "another order is no change");
  machine.addresses = ["198.51.100.7"];
  await machine.clock.advance(2_000);
  assertEquals(machine.moves.length, 1);
  const [isLocal] = machine.moves;
  assertEquals(
    ["198.51.100.7", "192.0.2.1", "127.0.0.1", "127.1.2.3", "::1"].map(isLocal),
    [true, false, true, true, true],
  );
  machine.addresses = ["198.51.100.7", "2001:db8::7"];
  await machine.clock.advance(2_000);
  assertEquals(machine.moves.length, 2);
  machine.environment.stop();
});

Deno.test("an address is still here in whatever form a socket tells it", async () => {
  const machine = new Machine();
  machine.addresses = ["192.0.2.1", "fe80::1"];
  await machine.clock.advance(2_000);
  machine.addresses = ["192.0.2.1", "fe80::1", "198.51.100.7"];
  await machine.clock.advance(2_000);
  const isLocal = machine.moves.at(-1)!;
  const here = ["::ffff:192.0.2.1", "::ffff:c000:201", "fe80::1%eth0", "FE80::1", "::ffff:127.0.0.1"];
  assertEquals(here.filter((address) => !isLocal(address)), []);
  assertEquals(["::ffff:192.0.2.2", "fe80::2%eth0", "2001:db8::1"].filter(isLocal), []);
  machine.environment.stop();
});

Deno.test("without the right to see addresses nothing is told, and nothing fails", async () => {
  const machine = new Machine();
  machine.addresses = undefined;
  await machine.clock.advance(5_000);
  machine.addresses = ["192.0.2.9"];
  await machine.clock.advance(5_000);
  assertEquals(machine.moves.length, 0, "what was not seen before cannot have changed");
  machine.environment.stop();
});

Deno.test("it looks once a second, and not at all once it is stopped", async () => {
  const machine = new Machine();
  await machine.clock.advance(1_000);
  const start = machine.looks;
  await machine.clock.advance(60_000);
  const looks = machine.looks - start;
  assert(looks >= 55 && looks <= 60, `${looks} looks in a minute`);
  machine.environment.stop();
  assertEquals(machine.clock.pendingTimers, 0);
});

// Where a client dials.

Deno.test("a client that a name leads to its own port says so, and does not wait", async () => {
  using listener = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  const { port } = listener.addr;
  const command = parseCommandLine(["--client", `--in=0.0.0.0:${port}`, `--out=example.com:${port}`]);
  assert(command.kind === "client");
  // As the name would lead there.
  const out = { kind: "tcp", host: "127.0.0.1", port } as const;
  const dialer = await makeDialer({ ...command.options, out }, () => {}, systemClock);
  const error = await assertRejects(() => dialer.dialCarrier(AbortSignal.timeout(5_000)), TeleError, "own --in");
  assertEquals(error.code, "refused");
  const elsewhere = await makeDialer({ ...command.options, in: undefined, out }, () => {}, systemClock);
  (await elsewhere.dialCarrier(AbortSignal.timeout(5_000))).close();
});

// The log of streams.

/** A stream log and its lines. */
function streamLog(): { clock: FakeClock; log: StreamLog; lines: string[]; end(peer: string, end: StreamEnd): void } {
  const clock = new FakeClock();
  const lines: string[] = [];
  const log = new StreamLog(clock, (level, message) => lines.push(`${level} ${message}`));
  return { clock, log, lines, end: (peer, end) => log.ended({ peer } as MuxStream, end) };
}

Deno.test("the log calls a stream cut or refused, with who and why; the rest is for debugging", () => {
  const { lines, end, log } = streamLog();
  end("127.0.0.1:50000", { kind: "cut", message: "the tele server was restarted" });
  end("127.0.0.1:50001", { kind: "reset", code: 1, message: ":22: connection refused", by: "peer" });
  end("127.0.0.1:50002", { kind: "reset", code: 3, message: "--max allows more", by: "peer" });
  end("127.0.0.1:50003", { kind: "reset", code: 2, message: "connection reset", by: "here" });
  end("127.0.0.1:50004", { kind: "reset", code: 2, message: "connection reset", by: "peer" });
  end("127.0.0.1:50005", { kind: "finished" });
  end("", { kind: "cut", message: "nobody knows whose" });
  end("127.0.0.1:50007", { kind: "cut", message: "the tele client ended (SIGINT)", isWished: true });
  log.refuse("127.0.0.1:50006", "there are 5 connections already");
  assertEquals(lines, [
    "warn stream cut (127.0.0.1:50000): the tele server was restarted",
    "warn stream refused (127.0.0.1:50001): :22: connection refused",
    "warn stream refused (127.0.0.1:50002): --max allows more",
    "debug stream reset (127.0.0.1:50003), here: connection reset",
    "debug stream reset (127.0.0.1:50004), at the other end: connection reset",
    "debug stream finished (127.0.0.1:50005)",
    "warn stream cut: nobody knows whose",
    "info stream cut (127.0.0.1:50007): the tele client ended (SIGINT)",
    "warn stream refused (127.0.0.1:50006): there are 5 connections already",
  ]);
});

Deno.test("why the only stream of a process ended is an error, which it then tells by its exit code", () => {
  const { lines, log } = streamLog();
  const stream = { peer: "standard input and output" } as MuxStream;
  log.onlyStreamEnded(stream, { kind: "cut", message: "gone" });
  log.onlyStreamEnded(stream, { kind: "reset", code: 1, message: ":22: connection refused", by: "peer" });
  log.onlyStreamEnded(stream, { kind: "reset", code: 2, message: "connection reset by peer", by: "peer" });
  log.onlyStreamEnded(stream, { kind: "finished" });
  assertEquals(lines, [
    "error stream cut (standard input and output): gone",
    "error stream refused (standard input and output): :22: connection refused",
    "error stream reset (standard input and output), at the other end: connection reset by peer",
    "debug stream finished (standard input and output)",
  ]);
});

Deno.test("a thousand streams that end together are a few lines and a count, for each kind of its own", async () => {
  const { clock, lines, end, log } = streamLog();
  for (let at = 0; at < 1000; at++) end(`cut:${at}`, { kind: "cut", message: "gone" });
  for (let at = 0; at < 3; at++) log.refuse(`refused:${at}`, "full");
  const cut = lines.filter((line) => line.startsWith("warn stream cut"));
  assert(cut.length >= 3 && cut.length <= 10, `${cut.length} lines`);
  assertEquals(lines.filter((line) => line.includes("refused")).length, 3);
  await clock.advance(10_000);
  assertEquals(lines.slice(cut.length + 3), [`warn ${1000 - cut.length} more streams were cut within 10 s`]);
  // Afterwards lines are written again, and nothing is counted twice.
  end("later:1", { kind: "cut", message: "gone too" });
  await clock.advance(60_000);
  assertEquals(lines.at(-1), "warn stream cut (later:1): gone too");
  for (let at = 0; at < 10; at++) end("client:1", { kind: "cut", message: "the tele client ended", isWished: true });
  await clock.advance(60_000);
  assertEquals(lines.at(-1), "info 5 more streams were cut within 10 s");
  assertEquals(clock.pendingTimers, 0);
});

// Lines on their way out.

/** A destination that takes a few bytes at a time, when the test lets it. */
class SlowFile {
  text = "";
  #waiting: (() => void)[] = [];
  fails = false;

  readonly write = async (bytes: Uint8Array): Promise<number> => {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.fails) throw new Deno.errors.BrokenPipe("broken pipe");
    const part = bytes.subarray(0, 7);
    this.text += new TextDecoder().decode(part);
    return part.length;
  };

  /** Takes what is written until nothing more comes. */
  async drain(): Promise<void> {
    for (await settle(); this.#waiting.length > 0; await settle()) this.#waiting.shift()!();
  }
}

Deno.test("lines are written whole and in order, however little is taken at a time", async () => {
  const file = new SlowFile();
  const lines = new LineWriter(file.write);
  lines.write("the first line");
  lines.write("the second");
  await settle();
  lines.write("and the third");
  await file.drain();
  assertEquals(file.text, "the first line\nthe second\nand the third\n");
  lines.write("later");
  await file.drain();
  assertEquals(file.text.split("\n").at(-2), "later");
  await lines.flush(1_000);
});

Deno.test("a reader that is too slow misses lines, and is told how many", async () => {
  const file = new SlowFile();
  const lines = new LineWriter(file.write);
  for (let at = 0; at < 5_000; at++) lines.write(`line ${at}`);
  await file.drain();
  const told = file.text.trimEnd().split("\n");
  const kept = told.filter((line) => /^line \d+$/.test(line)).length;
  assert(kept <= 1_001, `${kept} lines were kept`);
  assertEquals(told.filter((line) => line.includes("lost")), [
    `(${5_000 - kept} log lines were lost: nobody read them in time)`,
  ]);
  assertEquals(told.slice(0, 3), ["line 0", "line 1", "line 2"]);
});

Deno.test("a reader that has gone is no reason to fail, and flushing does not wait for one that hangs", async () => {
  const file = new SlowFile();
  const lines = new LineWriter(file.write);
  file.fails = true;
  lines.write("nobody reads this");
  await file.drain();
  file.fails = false;
  lines.write("but perhaps this");
  await file.drain();
  assertEquals(file.text, "but perhaps this\n");
  lines.write("stuck");
  const before = performance.now();
  await lines.flush(30);
  const tookMs = performance.now() - before;
  assert(tookMs >= 20 && tookMs < 5_000, `${tookMs} ms`);
  await file.drain();
  await new LineWriter(file.write).flush(30_000);
});
