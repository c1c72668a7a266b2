/**
 * A server's node: where the other servers of its fleet, and other workers of its own, pass it carriers, and from where
 * it passes theirs to them.
 *
 * @module
 */
import { decodeHex, encodeHex } from "@std/encoding/hex";
import { formatAddress, parseAddress } from "../../net/address.ts";
import { isBound } from "../../net/bound_socket.ts";
import { readClientHello } from "../../net/client_hello.ts";
import type { Clock } from "../../net/clock.ts";
import { dial } from "../../net/dial.ts";
import type { Duplex } from "../../net/duplex.ts";
import { badInput, reasonOf, TeleError } from "../../net/error.ts";
import { listen, type Listening } from "../../net/listen.ts";
import type { Log } from "../../net/log.ts";
import { PrefixedDuplex } from "../../net/prefixed_duplex.ts";
import { type PortSharer, SharedPorts } from "../../net/shared_ports.ts";
import { Fleet } from "../../session/fleet/fleet.ts";
import type { PassedCarrier } from "../../session/fleet/fleet_options.ts";
import { FleetKeys } from "../../session/fleet/fleet_keys.ts";
import type { PassedLayer } from "../../session/handshake/preface.ts";
import { ticketIn } from "../../session/handshake/ticket.ts";
import { SESSION_ALPN } from "../../session/sealing.ts";
import { Strangers } from "../../session/strangers.ts";
import type { FleetChoice } from "../command_line/role_options.ts";
import { markOfFleetKey, readFleetSecrets, watchFleetSecrets } from "../files/fleet_key_file.ts";
import { isInstanceName, meetingPlace } from "../workers/seat.ts";
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
export class FleetNode implements PortSharer {
  /** Finds owners by tickets. */
  readonly fleet: Fleet;
  readonly #choice: FleetChoice;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Who has connected to the node, and has not shown yet who it is. */
  readonly #strangers: Strangers;
  readonly #splices: Splices;
  readonly #stopWatching: () => void;
  /** For other servers, if there is a node. */
  #listening: SharedPorts | undefined;
  /** For other workers, if there is a folder. */
  #meeting: Listening | undefined;
  /** Other workers that were found to be over: nobody has an instance again. */
  readonly #over: Set<string> = new Set();
  #isStopped = false;

  private constructor(choice: FleetChoice, keys: FleetKeys, since: string, { clock, log }: FleetNeeds) {
    this.#choice = choice;
    this.#clock = clock;
    this.#log = log;
    this.#strangers = new Strangers(clock, log);
    this.#splices = new Splices(clock);
    const { node, folder } = choice;
    this.fleet = new Fleet({
      node: node && formatAddress(node),
      keys,
      clock,
      log,
      dial: (node, signal) => dial(parseAddress(node), signal),
      dialWorker: folder === undefined ? undefined : (...asked) => this.#dialWorker(folder, ...asked),
      siblings: folder === undefined ? undefined : () => this.#siblings(folder),
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
   * Listens for other servers, and for other workers. To be called before there is a session: of a worker that nobody has
   * heard of yet, others are to say nothing.
   *
   * @throws {TeleError} `bad-input` if that is not possible.
   */
  async listen(take: TakePassed): Promise<void> {
    const { node, folder } = this.#choice;
    const needs = { use: "carrier" as const, defaultHosts: [], clock: this.#clock, log: this.#log };
    if (folder !== undefined) {
      this.#meeting = await listen(meetingPlace(folder, this.fleet.instance), {
        ...needs,
        onConnection: (link) => void this.#welcome(link, take, this.fleet.welcomeWorker(link)),
      });
    }
    if (node === undefined) return;
    try {
      const onConnection = (link: Duplex) =>
        void this.#welcome(link, take, this.fleet.welcome(link, () => this.#strangers.reasonFor(link) !== undefined));
      const options = { ...needs, sharesPort: folder !== undefined, onConnection };
      this.#listening = await SharedPorts.open(() => listen(node, options));
    } catch (error) {
      throw badInput(`--node: ${reasonOf(error)}`);
    }
  }

  /** Where it listens for other servers. */
  get addresses(): readonly string[] {
    return this.#listening?.addresses ?? [];
  }

  async #welcome(link: Duplex, take: TakePassed, welcoming: Promise<PassedCarrier | undefined>): Promise<void> {
    this.#strangers.enter(link);
    try {
      const passed = await welcoming;
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

  /** The system knows whether a worker is over, whatever became of the file: that is certain, as no answer is not. */
  async #dialWorker(folder: string, instance: Uint8Array, signal: AbortSignal): Promise<Duplex | undefined> {
    const name = encodeHex(instance);
    if (this.#over.has(name)) return undefined;
    const place = meetingPlace(folder, instance);
    try {
      return await dial(place, signal);
    } catch (error) {
      if (await isBound(place.path)) throw error;
      this.#over.add(name);
      return undefined;
    }
  }

  /** Who has a socket in the folder, without those that were found to be over. */
  async #siblings(folder: string): Promise<Uint8Array[]> {
    const own = encodeHex(this.fleet.instance);
    const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name).catch(() => []);
    return names.filter((name) => isInstanceName(name) && name !== own && !this.#over.has(name)).map(decodeHex);
  }

  /**
   * Passes on a carrier that begins with TLS, if its hello has the ticket of a session that another server has, or deals it
   * to another worker, if it begins a new one.
   *
   * @param layer What was taken off it here.
   * @param isGone Whether it was closed meanwhile.
   * @returns What reads all of it, if its TLS is to end here.
   * @throws What reading its hello throws.
   */
  async passTls(carrier: Duplex, layer: PassedLayer, isGone?: () => boolean): Promise<Duplex | undefined> {
    if (carrier.isPassed) return carrier;
    const { first, protocols } = await readClientHello(carrier);
    const again = new PrefixedDuplex(carrier, first);
    const ticket = ticketIn(protocols);
    const isElsewhere = ticket === undefined
      ? this.#beginsSession(carrier, protocols) && await this.fleet.deal(again, layer, isGone)
      : await this.fleet.pass(ticket, again, layer, isGone) === "passed";
    return isElsewhere ? undefined : again;
  }

  /** Of TLS in TLS the outer one was asked about; what else is inside may be HTTP, or another protocol. */
  #beginsSession(carrier: Duplex, protocols: readonly string[]): boolean {
    return carrier.leaf === undefined && protocols.includes(SESSION_ALPN);
  }

  /** Leaves the node to other workers, who pass on what comes there for this one. */
  leave(): void {
    this.#listening?.leave();
  }

  /** Listens at the node again. */
  async comeBack(): Promise<void> {
    await this.#listening?.comeBack();
  }

  /** Listens no more, and aborts what it passes on. A second call does nothing. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#stopWatching();
    this.#listening?.close();
    this.#meeting?.close();
    this.#strangers.stop();
    this.fleet.stop();
    this.#splices.stop(new Error("the tele server ends"));
  }
}
