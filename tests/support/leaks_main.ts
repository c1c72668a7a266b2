/**
 * What connections leave behind in the process that carried them: each scenario makes many, of which nothing may stay.
 * Run with `--v8-flags=--expose-gc` and the files of a certificate, its key and its CA; prints one line of JSON for
 * each scenario.
 *
 * @module
 */
import { parseAddress } from "../../lib/net/address.ts";
import { systemClock } from "../../lib/net/clock.ts";
import { Commands } from "../../lib/net/command/commands.ts";
import { dial } from "../../lib/net/dial.ts";
import { dialWay } from "../../lib/net/dial_way.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { listen } from "../../lib/net/listen.ts";
import { silentLog } from "../../lib/net/log.ts";
import { parseProxy } from "../../lib/net/proxy/proxy.ts";
import { dialTls } from "../../lib/net/tls_dial.ts";
import { byProxy, parseWay } from "../../lib/net/way.ts";
import { RolesHere } from "./roles_here.ts";
import { pause } from "./wait.ts";

declare const gc: () => void;

/** What one scenario left, for each of its connections. */
export interface Leak {
  scenario: string;
  /** Bytes of JavaScript's heap and of its buffers outside. */
  bytesEach: number;
  /** File descriptors, all together. */
  descriptors: number;
}

/** Makes one connection, and ends it. */
type Once = () => Promise<unknown>;

const [certFile, keyFile, caFile] = Deno.args;
/** A signal that outlives all connections, as that of a process that stops does. */
const { signal } = new AbortController();
const at = (port: number) => parseAddress(`127.0.0.1:${port}`);
const portOf = (text: string) => Number(/127\.0\.0\.1:(\d+)/.exec(text)![1]);

/** Counts what stays. */
async function measure(scenario: string, count: number, once: Once): Promise<Leak> {
  await repeat(count, once);
  const before = await held();
  await repeat(count, once);
  const after = await held();
  return { scenario, bytesEach: (after.bytes - before.bytes) / count, descriptors: after.files - before.files };
}

/** Ten at a time, since some end a moment after what they carried. */
async function repeat(count: number, once: Once): Promise<void> {
  for (let done = 0; done < count; done += 10) await Promise.all(Array.from({ length: 10 }, once));
}

async function held(): Promise<{ bytes: number; files: number }> {
  for (let turn = 0; turn < 4; turn++) {
    await pause(100);
    gc();
  }
  const { heapUsed, external } = Deno.memoryUsage();
  return { bytes: heapUsed + external, files: [...Deno.readDirSync("/proc/self/fd")].length };
}

/** Listens on a port that is returned. */
async function listenHere(onConnection: (user: Duplex) => void): Promise<number> {
  const options = { use: "user" as const, defaultHosts: [], clock: systemClock, log: silentLog, onConnection };
  return portOf((await listen(at(0), options)).addresses[0]);
}

/** A listener whose connections are taken one by one; a connection that nobody waits for is closed. */
async function acceptor(): Promise<{ port: number; accept(): Promise<Duplex> }> {
  const takers: ((user: Duplex) => void)[] = [];
  const port = await listenHere((user) => (takers.shift() ?? (() => user.close()))(user));
  return { port, accept: () => new Promise((resolve) => void takers.push(resolve)) };
}

async function ended(user: Duplex | Deno.Conn): Promise<void> {
  const into = new Uint8Array(64);
  // deno-lint-ignore no-empty
  while (await user.read(into).catch(() => null) !== null) {}
}

/** A port where nobody listens. */
function deadPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Both roles in this process, in front of a server that sends back what it reads, and resets at an `R`. */
async function tunnel(serverFlags: string[], clientFlags: string[]): Promise<number> {
  const upstream = await listenHere((user) => void echoOrReset(user).catch(() => {}));
  return (await RolesHere.start(`127.0.0.1:${upstream}`, serverFlags, clientFlags)).port;
}

async function echoOrReset(user: Duplex): Promise<void> {
  const into = new Uint8Array(64);
  try {
    for (let count = await user.read(into); count !== null; count = await user.read(into)) {
      if (into[0] === 0x52) return user.abort();
      await user.write(into.slice(0, count));
    }
  } finally {
    user.close();
  }
}

/** One byte there and back, then a reset by the user's client or its server. */
async function resetThrough(port: number, by: "client" | "server"): Promise<void> {
  const user = await dial(at(port));
  const into = new Uint8Array(1);
  await user.write(new Uint8Array([1]));
  await user.read(into);
  if (by === "server") {
    await user.write(new Uint8Array([0x52]));
    await ended(user);
  }
  user.abort();
}

const { port, accept } = await acceptor();
const givenUp = await acceptor();
const nobody = deadPort();
const tls = [`--tls-cert=${certFile}`, `--tls-key=${keyFile}`];
const trust = [`--tls-ca=${caFile}`, "--tls-name=localhost"];
const session = await tunnel([], []);
const rfd80 = await tunnel(["--protocol=x", ...tls], ["--protocol=x", ...trust]);
const ca = Deno.readTextFileSync(caFile);

const scenarios: Record<string, { count: number; once: Once }> = {
  "a session's stream that the user's client resets": { count: 500, once: () => resetThrough(session, "client") },
  "a session's stream that the user's server resets": { count: 500, once: () => resetThrough(session, "server") },
  "a connection of RFD 80 mode that the user's client resets": {
    count: 200,
    once: () => resetThrough(rfd80, "client"),
  },
  "a connection of RFD 80 mode that the user's server resets": {
    count: 200,
    once: () => resetThrough(rfd80, "server"),
  },
  "a connection that is reset where it was dialed": {
    count: 500,
    async once() {
      const accepting = accept();
      const near = await dial(at(port), signal);
      const far = await accepting;
      near.abort();
      await ended(far);
      far.abort();
    },
  },
  "a dial that is refused": { count: 500, once: () => dial(at(nobody), signal).catch(() => {}) },
  "a dial that is given up": {
    count: 500,
    once() {
      const giving = new AbortController();
      const dialing = dial(at(givenUp.port), AbortSignal.any([signal, giving.signal]));
      giving.abort(new Error("given up"));
      return dialing.then((user) => user.close(), () => {});
    },
  },
  "a connection whose peer ends before it has sent a byte": {
    count: 500,
    async once() {
      const accepting = accept();
      using near = await Deno.connect({ hostname: "127.0.0.1", port });
      const far = await accepting;
      await near.closeWrite();
      await far.read(new Uint8Array(1));
      await far.write(new Uint8Array(1));
      far.close();
      await ended(near);
    },
  },
  "a TLS dial that is refused": {
    count: 200,
    once: () => dialTls(at(nobody), { protocols: ["x"], ca }, signal).catch(() => {}),
  },
  "a dial by a proxy that is given up": {
    count: 300,
    async once() {
      const giving = new AbortController();
      const way = byProxy(parseWay("example.com:40300"), parseProxy(`socks5://127.0.0.1:${givenUp.port}`));
      const giveUp = () => void giving.abort(new Error("given up"));
      await dialWay(way, AbortSignal.any([signal, giving.signal]), giveUp).catch(() => {});
    },
  },
  "a command that is given up": {
    count: 50,
    async once() {
      const commands = new Commands({ clock: systemClock, log: silentLog });
      const duplex = await dialWay(parseWay("exec:cat"), signal, undefined, commands);
      const reading = duplex.read(new Uint8Array(64)).catch(() => {});
      duplex.close();
      await Promise.all([reading, commands.stop()]);
    },
  },
};

for (const [name, { count, once }] of Object.entries(scenarios)) {
  console.log(JSON.stringify(await measure(name, count, once)));
}
Deno.exit(0);
