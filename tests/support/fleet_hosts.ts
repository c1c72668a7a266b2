/**
 * A fleet on hosts of its own: servers, a balancer and clients in network namespaces on one switch, whose links and
 * connections really break.
 *
 *     client 10.78.0.2x ──┐
 *                         ├── switch ── server 10.78.0.1x, its node on port 40301
 *     balancer 10.78.0.1 ─┘
 *
 * User's programs are outside: they meet tele on unix sockets, which reach into every namespace.
 *
 * @module
 */
import { makeTestToken } from "./key_files.ts";
import { Namespace } from "./namespace.ts";
import { type Scenario, scenario } from "./scenario.ts";
import { program } from "./skip.ts";
import { TeleProcess } from "./tele_process.ts";
import { pause, within } from "./wait.ts";

/** A host with a link that can break. */
export type FleetHost = "balancer" | `server${number}` | `client${number}`;

/** Where the clients of a {@linkcode FleetHosts} find it. */
export const BALANCER_ADDRESS = "10.78.0.1";

/** Where its servers listen, and the balancer. */
const TELE_PORT = 40300;
const NODE_PORT = 40301;

/** How many hosts there are. */
export interface FleetSize {
  servers: number;
  clients: number;
}

/** The address of a host. */
function addressOf(host: FleetHost): string {
  const number = Number(/\d+$/.exec(host)?.[0]);
  if (host === "balancer") return BALANCER_ADDRESS;
  return `10.78.0.${(host.startsWith("server") ? 11 : 21) + number}`;
}

/** The network of a fleet, and what runs there. */
export class FleetHosts implements AsyncDisposable {
  /** The servers, by their places. */
  readonly servers: TeleProcess[] = [];
  readonly #s: Scenario;
  readonly #size: FleetSize;
  readonly #spaces: Record<FleetHost | "switch", Namespace>;
  readonly #fleetKey: string;
  #balancer: Deno.ChildProcess | undefined;

  private constructor(s: Scenario, size: FleetSize, spaces: Record<FleetHost | "switch", Namespace>) {
    this.#s = s;
    this.#size = size;
    this.#spaces = spaces;
    this.#fleetKey = `${s.home}/fleet-key`;
  }

  /** Makes the hosts, and starts the balancer. */
  static async start(s: Scenario, size: FleetSize): Promise<FleetHosts> {
    const names = FleetHosts.#names(size);
    const hosts = s.use(new FleetHosts(s, size, await Namespace.set(["switch", ...names])));
    await hosts.#build(names);
    await Deno.writeTextFile(hosts.#fleetKey, makeTestToken(), { mode: 0o600 });
    await hosts.#balance();
    return hosts;
  }

  /** What to put in front of a command so that it runs on a host. */
  on(host: FleetHost): string[] {
    return this.#spaces[host].prefix;
  }

  /** Starts the server at a place, in front of a user's server on a unix socket. */
  async startServer(at: number, user: string, args: readonly string[] = []): Promise<TeleProcess> {
    const address = addressOf(`server${at}`);
    const fleet = [`--node=${address}:${NODE_PORT}`, `--fleet-key-file=${this.#fleetKey}`];
    const addresses = [`--in=unix:${user}`, `--out=${address}:${TELE_PORT}`];
    const options = { args: [...fleet, "--log-level=debug", ...args], wrap: this.on(`server${at}`) };
    return this.servers[at] = await this.#s.start("server", addresses, options);
  }

  /** Starts a client that dials the balancer, for users of the address `entrance`. */
  async startClient(at: number, entrance: string, args: readonly string[] = []): Promise<TeleProcess> {
    const addresses = [`--in=${entrance}`, `--out=${BALANCER_ADDRESS}:${TELE_PORT}`];
    return await this.#s.start("client", addresses, { args: [...args], wrap: this.on(`client${at}`) });
  }

  /** The place of the first server with which a session began. */
  get owner(): number {
    return this.servers.findIndex(({ log }) => log.some((line) => line.includes(" began, from ")));
  }

  /**
   * Destroys all TCP connections of a host: each of their ends sees a reset.
   *
   * @returns How many sockets there were.
   */
  async kill(host: FleetHost): Promise<number> {
    const told = await this.#spaces[host].run("ss", "-H", "-K", "-tn", "state", "connected");
    return told.split("\n").filter((line) => line.trim() !== "").length;
  }

  /** Takes the cable out. Nobody is told. */
  async linkDown(host: FleetHost): Promise<void> {
    await this.#spaces.switch.ip(`link set ${host} down`);
  }

  /** Puts it in again. */
  async linkUp(host: FleetHost): Promise<void> {
    await this.#spaces.switch.ip(`link set ${host} up`);
  }

  /** Lets another balancer process take over; the one before has half a second for its connections. */
  reloadBalancer(): void {
    this.#balancer?.kill("SIGUSR2");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const space of Object.values(this.#spaces)) await space.remove();
    await this.#balancer?.status;
  }

  static #names({ servers, clients }: FleetSize): FleetHost[] {
    const several = (count: number) => Array.from({ length: count }, (_, at) => at);
    return [
      "balancer",
      ...several(servers).map((at) => `server${at}` as const),
      ...several(clients).map((at) => `client${at}` as const),
    ];
  }

  async #build(names: readonly FleetHost[]): Promise<void> {
    const { switch: bridge } = this.#spaces;
    for (const space of Object.values(this.#spaces)) await space.make();
    await bridge.ip("link add bridge type bridge", "link set bridge up");
    for (const name of names) {
      const space = this.#spaces[name];
      await bridge.ip(
        `link add ${name} type veth peer name outer netns ${space.name}`,
        `link set ${name} master bridge`,
        `link set ${name} up`,
      );
      await space.ip("link set lo up", `address add ${addressOf(name)}/24 dev outer`, "link set outer up");
    }
  }

  async #balance(): Promise<void> {
    const file = `${this.#s.home}/haproxy.cfg`;
    const servers = Array.from(
      { length: this.#size.servers },
      (_, at) => `  server tele${at} ${addressOf(`server${at}`)}:${TELE_PORT} check inter 500ms`,
    );
    const configuration = [
      "global",
      "  hard-stop-after 500ms",
      "defaults",
      "  mode tcp",
      "  timeout connect 2s",
      "  timeout client 1m",
      "  timeout server 1m",
      "listen tele",
      `  bind ${BALANCER_ADDRESS}:${TELE_PORT}`,
      "  balance roundrobin",
      "  option redispatch 1",
      ...servers,
    ];
    await Deno.writeTextFile(file, `${configuration.join("\n")}\n`);
    const [first, ...args] = [...this.on("balancer"), program("haproxy"), "-W", "-db", "-f", file];
    this.#balancer = new Deno.Command(first!, { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
    let isListening = false;
    const look = async () => {
      while (!isListening) {
        isListening = (await this.#spaces.balancer.run("ss", "-Hltn", `sport = :${TELE_PORT}`)).trim() !== "";
        if (!isListening) await pause(20);
      }
    };
    await within(look(), 10_000, "HAProxy");
  }
}

/** Makes the function of a `Deno.test` with the hosts of a fleet, as `scenario` does. */
export function fleetScenario(
  limitMs: number,
  size: FleetSize,
  body: (s: Scenario, hosts: FleetHosts) => Promise<void>,
): () => Promise<void> {
  return scenario(limitMs, async (s) => await body(s, await FleetHosts.start(s, size)));
}
