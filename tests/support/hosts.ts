/**
 * Two hosts and a router whose network really breaks: Linux network namespaces with veth pairs between them.
 *
 *     client 10.77.1.2 ─── first  ──┐
 *            10.77.3.2 ─── second ──┤ router ─── 10.77.2.2 server
 *
 * The client starts in its first network. Namespaces are private, so that any number of sets can exist at once with the
 * same addresses. `ping`, `iptables` and `tc netem` are not needed: routes, rules and link states break everything
 * here.
 *
 * @module
 */
import { Namespace } from "./namespace.ts";
import { type Scenario, scenario } from "./scenario.ts";
import { program } from "./skip.ts";
import { type TeleOptions, TeleProcess } from "./tele_process.ts";
import { pause } from "./wait.ts";

/** A host at one end. */
export type Host = "client" | "server";

/** One namespace. */
type Node = Host | "router";

/** Which way packets go. */
export type Direction = "to-server" | "to-client";

/** One of the client's networks. */
interface Network {
  /** The client's interface. */
  device: string;
  /** The client's address there. */
  address: string;
  /** The router's address there. */
  gateway: string;
}

/** The server's address. */
export const SERVER_ADDRESS = "10.77.2.2";

/** Where a tele server of {@linkcode Hosts} listens. */
export const TELE_PORT = 40300;

const SERVER_GATEWAY = "10.77.2.1";
const NETWORKS: readonly Network[] = [
  { device: "first", address: "10.77.1.2", gateway: "10.77.1.1" },
  { device: "second", address: "10.77.3.2", gateway: "10.77.3.1" },
];
/** The router's device to the server. */
const TO_SERVER = "server";
const NODES: readonly Node[] = ["client", "router", "server"];

/** The client's connections get their local ports from such a range, the next after each {@linkcode Hosts.forget}. */
const FIRST_PORT = 20_000;
const PORTS_IN_RANGE = 500;

/** Order of the router's rules: what it drops for ever, what it drops for a while, and only then what is its own. */
const FORGOTTEN = 10;
const HELD = 20;
const OWN = 100;

/** Connections to other ports of the server. */
const besidePort = (port: number): string[] => [
  `to ${SERVER_ADDRESS}/32 ipproto tcp dport 1-${port - 1}`,
  `to ${SERVER_ADDRESS}/32 ipproto tcp dport ${port + 1}-65534`,
];

/** What a router drops that plays the server for connections to {@linkcode TELE_PORT}: all else. */
const ELSEWHERE: readonly string[] = [...besidePort(TELE_PORT), "iif server"];

/**
 * Both ends of a cable have one hardware address, and nobody asks for it: a router's answer to that question would wait
 * in the queue of {@linkcode Hosts.limit}, for seconds, and a host whose question is not answered in time sends nothing.
 */
const CABLE = "address 02:00:00:00:00:01";

/** A client host, a server host and a router between them, with all processes that were started there. */
export class Hosts implements AsyncDisposable {
  readonly #nodes: Readonly<Record<Node, Namespace>>;
  readonly #processes: TeleProcess[] = [];
  #network = 0;
  #range = 0;
  #box: Deno.ChildProcess | undefined;

  private constructor(nodes: Record<Node, Namespace>) {
    this.#nodes = nodes;
  }

  /** Makes a set. */
  static async start(): Promise<Hosts> {
    const hosts = new Hosts(await Namespace.set(NODES));
    try {
      await hosts.#build();
    } catch (error) {
      await hosts[Symbol.asyncDispose]();
      throw error;
    }
    return hosts;
  }

  /** What to put in front of a command so that it runs on a host. */
  on(host: Host): string[] {
    return this.#nodes[host].prefix;
  }

  /** Runs a command on a host to its end; returns its standard output and throws if it fails. */
  async run(host: Host, ...command: string[]): Promise<string> {
    return await this.#nodes[host].run(...command);
  }

  /** Starts a command on a host. */
  spawn(host: Host, command: string[], options: Deno.CommandOptions = {}): Deno.ChildProcess {
    const [first, ...args] = [...this.on(host), program(command[0]), ...command.slice(1)];
    return new Deno.Command(first, { ...options, args }).spawn();
  }

  /** Starts a tele process on the host of its role. */
  async tele(options: TeleOptions & { role: Host }): Promise<TeleProcess> {
    const process = await TeleProcess.start({ ...options, wrap: this.on(options.role) });
    this.#processes.push(process);
    return process;
  }

  /**
   * Starts a tele server and a tele client.
   *
   * @param to Where the user's server is, on the server's host: a value of `--in`.
   * @param at Where user's clients connect, on the client's host: a value of `--in`.
   * @param more Options of the client beside these.
   */
  async tunnel(
    home: string,
    to: string,
    at: string,
    ...more: string[]
  ): Promise<{ server: TeleProcess; client: TeleProcess }> {
    const outer = `${SERVER_ADDRESS}:${TELE_PORT}`;
    const server = await this.tele({ role: "server", args: [`--in=${to}`, `--out=${outer}`], home });
    const client = await this.tele({ role: "client", args: [`--in=${at}`, `--out=${outer}`, ...more], home });
    return { server, client };
  }

  /** What all tele processes said. */
  report(): string {
    return this.#processes.map((process) => process.report()).join("\n");
  }

  /** The client's present address. */
  get clientAddress(): string {
    return this.#clientNetwork.address;
  }

  /** Takes a host's interface down, as an unplugged cable or a WiFi switched off: there is no route any more. */
  async linkDown(host: Host): Promise<void> {
    await this.#nodes[host].ip(`link set ${this.#device(host)} down`);
  }

  /** Brings the interface up again, and the route with it, as a network manager does. */
  async linkUp(host: Host): Promise<void> {
    const gateway = host === "client" ? this.#clientNetwork.gateway : SERVER_GATEWAY;
    await this.#nodes[host].ip(`link set ${this.#device(host)} up`, `route replace default via ${gateway}`);
  }

  /** From now on the router drops all packets without a word, both ways or one way. */
  async blackHole(...directions: Direction[]): Promise<void> {
    await this.#nodes.router.ip(...this.#holes(directions).map((hole) => `route add ${hole}`));
  }

  /** Ends {@linkcode Hosts.blackHole}; takes the same directions. */
  async mend(...directions: Direction[]): Promise<void> {
    await this.#nodes.router.ip(...this.#holes(directions).map((hole) => `route delete ${hole}`));
  }

  /**
   * The router forgets all connections to a port of the server, and drops their packets for ever: their ends never
   * learn of it. New connections pass.
   */
  async forget(port = TELE_PORT): Promise<void> {
    const [low, high] = this.#ports();
    this.#range++;
    await this.#usePorts();
    await this.#nodes.router.ip(
      `rule add pref ${FORGOTTEN} ipproto tcp sport ${low}-${high} dport ${port} blackhole`,
      `rule add pref ${FORGOTTEN} ipproto tcp sport ${port} dport ${low}-${high} blackhole`,
    );
  }

  /** From now on a firewall lets connections through to one port of the server, and drops all others without a word. */
  async allowOnly(port: number): Promise<void> {
    await this.#nodes.router.ip(...besidePort(port).map((what) => `rule add pref ${HELD} ${what} blackhole`));
  }

  /** The command lines of what runs on a host. */
  async processes(host: Host): Promise<string[]> {
    const lines = (await this.#nodes[host].processes()).map((pid) =>
      // One that has ended meanwhile runs no more.
      Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "")
    );
    return (await Promise.all(lines)).map((line) => line.replaceAll("\0", " ").trim()).filter((line) => line !== "");
  }

  /**
   * The router has forgotten all connections, and answers with RST whatever `told` sends. New connections from there
   * are refused. The other host hears nothing. One host at a time.
   */
  async startReset(told: Host): Promise<void> {
    // A router that takes the peer's address for its own has no such connection, so its kernel sends the RST.
    await this.#nodes.router.ip(`address add ${this.#peerAddress(told)}/32 dev lo`);
  }

  /** Ends {@linkcode Hosts.startReset}: the router lets everything pass again. */
  async stopReset(told: Host): Promise<void> {
    await this.#nodes.router.ip(`address delete ${this.#peerAddress(told)}/32 dev lo`);
  }

  /**
   * The router becomes a middle box that accepts the client's connections to {@linkcode TELE_PORT} of the server and
   * forwards nothing. What was there before, and all else, is dropped without a word. Needs `socat` and `ss`.
   */
  async startSwallowing(): Promise<void> {
    const { router } = this.#nodes;
    const [ip, ...inRouter] = router.prefix;
    const args = [...inRouter, program("socat"), "-u", `TCP-LISTEN:${TELE_PORT},fork,backlog=64`, "OPEN:/dev/null"];
    this.#box = new Deno.Command(ip, { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
    while (await router.run("ss", "-Hltn", `sport = :${TELE_PORT}`) === "") await pause(20);
    await this.forget();
    await this.#nodes.router.ip(
      ...ELSEWHERE.map((what) => `rule add pref ${HELD} ${what} blackhole`),
      `address add ${SERVER_ADDRESS}/32 dev lo`,
    );
  }

  /** Ends {@linkcode Hosts.startSwallowing}. What the box accepted is dropped for ever; new connections pass. */
  async stopSwallowing(): Promise<void> {
    await this.forget();
    await this.#nodes.router.ip(
      `address delete ${SERVER_ADDRESS}/32 dev lo`,
      ...ELSEWHERE.map((what) => `rule delete pref ${HELD} ${what} blackhole`),
    );
    this.#box?.kill("SIGKILL");
    await this.#box?.status;
  }

  /** The client leaves its network for the other one, where it gets another address, as from one WiFi to the next. */
  async moveClient(): Promise<void> {
    const before = this.#clientNetwork;
    this.#network = 1 - this.#network;
    const { device, address, gateway } = this.#clientNetwork;
    await this.#nodes.client.ip(
      `address delete ${before.address}/24 dev ${before.device}`,
      `link set ${before.device} down`,
      `address add ${address}/24 dev ${device}`,
      `link set ${device} up`,
      `route replace default via ${gateway}`,
    );
  }

  /**
   * Limits the rate of the path, both ways, with a queue of at most `queueMs`; the rate is such as `256kbit`. What
   * waited in the queues of before is dropped. Up to `burst` passes at once: at a low rate, packets that the sending
   * host put together come in lumps of it, seconds apart, as on no real path.
   */
  async limit(
    rate: string,
    queueMs: number,
    devices: string[] = [TO_SERVER, ...NETWORKS.map(({ device }) => device)],
    burst = "16kb",
  ): Promise<void> {
    const shape = ["root", "tbf", "rate", rate, "burst", burst, "latency", `${queueMs}ms`];
    await Promise.all(devices.map((device) => this.#nodes.router.queue(device, ...shape)));
  }

  /** Throws away what waits in the router on its way to the server; limits as {@linkcode Hosts.limit} does. */
  async dropUploads(rate: string, queueMs: number): Promise<void> {
    await this.limit(rate, queueMs, [TO_SERVER]);
  }

  /** Kills what still runs on the hosts, and removes them. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes) await process.kill();
    for (const node of NODES) await this.#nodes[node].remove();
  }

  async #build(): Promise<void> {
    const { client, router, server } = this.#nodes;
    for (const node of NODES) await this.#nodes[node].make();
    await router.ip(
      `rule add pref ${OWN} lookup local`,
      "rule delete pref 0",
      "link set lo up",
      ...NETWORKS.flatMap(({ device, gateway }) => [
        `link add ${device} ${CABLE} type veth peer name ${device} ${CABLE} netns ${client.name}`,
        `address add ${gateway}/24 dev ${device}`,
        `link set ${device} arp off up`,
      ]),
      `link add ${TO_SERVER} ${CABLE} type veth peer name outer ${CABLE} netns ${server.name}`,
      `address add ${SERVER_GATEWAY}/24 dev ${TO_SERVER}`,
      `link set ${TO_SERVER} arp off up`,
    );
    await router.shell("echo 1 > /proc/sys/net/ipv4/ip_forward");
    await server.ip(
      "link set lo up",
      `address add ${SERVER_ADDRESS}/24 dev outer`,
      "link set outer arp off up",
      `route add default via ${SERVER_GATEWAY}`,
    );
    const { device, address, gateway } = this.#clientNetwork;
    await client.ip(
      "link set lo up",
      ...NETWORKS.map(({ device }) => `link set ${device} arp off`),
      `address add ${address}/24 dev ${device}`,
      `link set ${device} up`,
      `route add default via ${gateway}`,
    );
    await this.#usePorts();
  }

  get #clientNetwork(): Network {
    return NETWORKS[this.#network];
  }

  #peerAddress(host: Host): string {
    return host === "client" ? SERVER_ADDRESS : this.#clientNetwork.address;
  }

  #device(host: Host): string {
    return host === "client" ? this.#clientNetwork.device : "outer";
  }

  #holes(directions: Direction[]): string[] {
    const both: Direction[] = ["to-server", "to-client"];
    const addresses = { "to-server": [SERVER_ADDRESS], "to-client": NETWORKS.map(({ address }) => address) };
    return (directions.length === 0 ? both : directions).flatMap((direction) =>
      addresses[direction].map((address) => `blackhole ${address}/32`)
    );
  }

  #ports(): [low: number, high: number] {
    const low = FIRST_PORT + this.#range * PORTS_IN_RANGE;
    return [low, low + PORTS_IN_RANGE - 1];
  }

  async #usePorts(): Promise<void> {
    await this.#nodes.client.shell(`echo ${this.#ports().join(" ")} > /proc/sys/net/ipv4/ip_local_port_range`);
  }
}

/**
 * Makes the function of a `Deno.test` with hosts, as `scenario` does; what the processes said is shown when it fails.
 */
export function hostScenario(limitMs: number, body: (s: Scenario, hosts: Hosts) => Promise<void>): () => Promise<void> {
  return scenario(limitMs, async (s) => {
    const hosts = s.use(await Hosts.start());
    try {
      await body(s, hosts);
    } catch (error) {
      console.error(`\n${hosts.report()}\n`);
      throw error;
    }
  });
}
