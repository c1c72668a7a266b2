/**
 * What listening and dialing do on a machine that is set up in an unusual way; `unshare -n` gives this process such a
 * one. Prints a line of JSON for each thing tried.
 *
 * @module
 */
import { parseAddress } from "../../lib/net/address.ts";
import { systemClock } from "../../lib/net/clock.ts";
import { dial } from "../../lib/net/dial.ts";
import { listen, type Listening } from "../../lib/net/listen.ts";
import { type Shortage, Shortages } from "../../lib/net/shortage.ts";
import { pause } from "./wait.ts";

/** What was tried, and what came of it. */
export interface Outcome {
  tried: string;
  outcome: string;
}

async function ip(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("ip", { args }).output();
  if (code !== 0) throw new Error(`ip ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

function set(name: string, value: string): void {
  Deno.writeTextFileSync(`/proc/sys/net/${name}`, value);
}

function tell(tried: string, outcome: string): void {
  console.log(JSON.stringify({ tried, outcome } satisfies Outcome));
}

function listenAt(address: string, log: (message: string) => void = () => {}): Promise<Listening> {
  return listen(parseAddress(address), {
    use: "user",
    defaultHosts: ["::", "0.0.0.0"],
    clock: systemClock,
    log: (_level, message) => log(message),
    onConnection: (connection) => connection.close(),
  });
}

async function tryDial(address: string): Promise<string> {
  try {
    (await dial(parseAddress(address))).close();
    return "connected";
  } catch (error) {
    return (error as Error).message;
  }
}

/** IPv6 sockets that take IPv6 only, or both families. */
async function families(only: "0" | "1"): Promise<void> {
  set("ipv6/bindv6only", only);
  const warnings: string[] = [];
  const listening = await listenAt(":4000", (message) => void warnings.push(message));
  for (const host of ["127.0.0.1", "[::1]"]) tell(`bindv6only=${only}, ${host}`, await tryDial(`${host}:4000`));
  tell(`bindv6only=${only}, warnings`, warnings.join("; "));
  listening.close();
  await pause(50);
}

/** An address that means something only together with an interface. */
async function zones(): Promise<void> {
  await ip("link", "add", "tele0", "type", "veth", "peer", "name", "tele1");
  set("ipv6/conf/tele0/accept_dad", "0");
  for (const device of ["tele0", "tele1"]) await ip("link", "set", device, "up");
  const [, address] = /inet6 (fe80:[^/]+)/.exec(await ip("-6", "-o", "addr", "show", "dev", "tele0"))!;
  const listening = await listenAt(`[${address}%tele0]:4001`);
  tell("zone", await tryDial(`[${address}%tele0]:4001`));
  listening.close();
  await pause(50);
}

/** Every local port is taken by connections to one address. */
async function ports(): Promise<void> {
  const listening = await listenAt("127.0.0.1:4002");
  set("ipv4/ip_local_port_range", "50000 50009");
  const taken: Deno.Conn[] = [];
  for (let count = 0; count < 10; count++) taken.push(await Deno.connect({ hostname: "127.0.0.1", port: 4002 }));
  tell("no port left", await tryDial("127.0.0.1:4002"));
  const told: Shortage[] = [];
  const shortages = new Shortages(systemClock, (shortage) => void told.push(shortage));
  const { signal } = new AbortController();
  const waiting = shortages.outlast("there", () => dial(parseAddress("127.0.0.1:4002"), signal), signal);
  await pause(300);
  tell("no port left, waiting", told.join());
  set("ipv4/ip_local_port_range", "50000 50099");
  (await waiting).close();
  tell("ports again", "connected");
  for (const connection of taken) connection.close();
  listening.close();
}

await ip("link", "set", "lo", "up");
await families("1");
await families("0");
await zones();
await ports();
Deno.exit(0);
