/**
 * A server's node: where the other servers of its fleet pass it carriers, and from where it passes theirs to them.
 *
 * @module
 */
import { formatAddress, parseAddress } from "../../net/address.ts";
import { readClientHello } from "../../net/client_hello.ts";
import type { Clock } from "../../net/clock.ts";
import { dial } from "../../net/dial.ts";
import type { Duplex } from "../../net/duplex.ts";
import { badInput, reasonOf, TeleError } from "../../net/error.ts";
import { listen, type Listening } from "../../net/listen.ts";
import type { Log } from "../../net/log.ts";
import { PrefixedDuplex } from "../../net/prefixed_duplex.ts";
import { Fleet } from "../../session/fleet/fleet.ts";
import { FleetKeys } from "../../session/fleet/fleet_keys.ts";
import type { PassedLayer } from "../../session/handshake/preface.ts";
import { ticketIn } from "../../session/handshake/ticket.ts";
import { Strangers } from "../../session/strangers.ts";
import type { FleetChoice } from "../command_line/role_options.ts";
import { markOfFleetKey, readFleetSecrets, watchFleetSecrets } from "../files/fleet_key_file.ts";
import { Splices } from "./splices.ts";

/** What a {@linkcode FleetNode} needs. */
export interface FleetNeeds {
  /** Time. */
  readonly clock: Clock;
  /** Where log lines go. */
  readonly log: Log;
  /** How long a key that is taken away still opens tickets, in milliseconds. */
  readonly keptMs: number;
}

/** Takes a carrier that another server has passed on, as if it had been accepted. */
export type TakePassed = (carrier: Duplex, layer: PassedLayer) => void;

/** The sockets of a {@linkcode Fleet}. */
export class FleetNode {
  /** Finds owners by tickets. */
  readonly fleet: Fleet;
  readonly #choice: FleetChoice;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Who has connected to the node, and has not shown yet who it is. */
  readonly #strangers: Strangers;
  readonly #splices: Splices;
  readonly #stopWatching: () => void;
  #listening: Listening | undefined;
  #isStopped = false;

  private constructor(choice: FleetChoice, keys: FleetKeys, since: string, { clock, log }: FleetNeeds) {
    this.#choice = choice;
    this.#clock = clock;
    this.#log = log;
    this.#strangers = new Strangers(clock, log);
    this.#splices = new Splices(clock);
    this.fleet = new Fleet({
      node: formatAddress(choice.node),
      keys,
      clock,
      log,
      dial: (node, signal) => dial(parseAddress(node), "user", signal),
      splice: (carrier, owner) => void this.#splices.add(carrier, owner),
    });
    this.#stopWatching = watchFleetSecrets(choice.keyFile, {
      since,
      clock,
      log,
      onChange: (secrets) => void keys.renew(secrets).then(() => this.fleet.keysChanged()),
    });
  }

  /**
   * Reads the key.
   *
   * @throws {TeleError} `bad-input` if its file cannot be read, or has none.
   */
  static async prepare(choice: FleetChoice, needs: FleetNeeds): Promise<FleetNode> {
    const since = markOfFleetKey(choice.keyFile);
    const secrets = await readFleetSecrets(choice.keyFile, needs.log);
    return new FleetNode(choice, await FleetKeys.make(secrets, needs), since, needs);
  }

  /**
   * Listens for other servers.
   *
   * @throws {TeleError} `bad-input` if that is not possible.
   */
  async listen(take: TakePassed): Promise<void> {
    try {
      this.#listening = await listen(this.#choice.node, {
        use: "user",
        defaultHosts: [],
        clock: this.#clock,
        log: this.#log,
        onConnection: (link) => void this.#welcome(link, take),
      });
    } catch (error) {
      throw badInput(`--node: ${reasonOf(error)}`);
    }
  }

  /** Where it listens for them. */
  get addresses(): readonly string[] {
    return this.#listening?.addresses ?? [];
  }

  async #welcome(link: Duplex, take: TakePassed): Promise<void> {
    this.#strangers.enter(link);
    try {
      const passed = await this.fleet.welcome(link);
      if (passed !== undefined) take(passed.carrier, passed.layer);
    } catch (error) {
      const expelled = this.#strangers.reasonFor(link);
      // Who only looks whether somebody listens is no news.
      const isNews = expelled !== undefined || (error instanceof TeleError && error.code === "protocol");
      if (isNews) this.#strangers.tell(link.peer, expelled ?? reasonOf(error));
      link.close();
    } finally {
      this.#strangers.leave(link);
    }
  }

  /**
   * Passes on a carrier that begins with TLS, if its hello has the ticket of a session that another server has.
   *
   * @param layer What was taken off it here.
   * @returns What reads all of it, if its TLS is to end here.
   * @throws What reading its hello throws.
   */
  async passTls(carrier: Duplex, layer: PassedLayer): Promise<Duplex | undefined> {
    if (carrier.isPassed) return carrier;
    const { first, protocols } = await readClientHello(carrier);
    const again = new PrefixedDuplex(carrier, first);
    const ticket = ticketIn(protocols);
    const isPassed = ticket !== undefined && await this.fleet.pass(ticket, again, layer) === "passed";
    return isPassed ? undefined : again;
  }

  /** Listens no more, and aborts what it passes on. A second call does nothing. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#stopWatching();
    this.#listening?.close();
    this.#strangers.stop();
    this.fleet.stop();
    this.#splices.stop(new Error("the tele server ends"));
  }
}
