/**
 * What befalls network and processes in a run.
 *
 * @module
 */
import type { SimClock } from "./clock.ts";
import type { Model } from "./model.ts";
import type { SimNetwork } from "./network.ts";
import { Process } from "./process.ts";
import { playRogue, type RogueAct } from "./rogue.ts";
import type { SimEvent } from "./scenario.ts";
import type { Schedule } from "./schedule.ts";
import type { Sides } from "./sides.ts";
import type { Verdict } from "./verdict.ts";

/** What events happen to. */
export interface EventsOptions {
  clock: SimClock;
  schedule: Schedule;
  network: SimNetwork;
  sides: Sides;
  verdict: Verdict;
  model: Model;
}

/** Makes events happen. */
export class Events {
  readonly #clock: SimClock;
  readonly #schedule: Schedule;
  readonly #network: SimNetwork;
  readonly #sides: Sides;
  readonly #verdict: Verdict;
  readonly #model: Model;

  constructor(options: EventsOptions) {
    this.#clock = options.clock;
    this.#schedule = options.schedule;
    this.#network = options.network;
    this.#sides = options.sides;
    this.#verdict = options.verdict;
    this.#model = options.model;
  }

  happen(event: SimEvent): void {
    this.#verdict.trace(`event: ${JSON.stringify(event)}`);
    const [network, sides] = [this.#network, this.#sides];
    const open = network.open;
    const last = open.at(-1);
    switch (event.kind) {
      case "cut":
        return network.cutAll();
      case "black hole":
        for (const record of open) {
          record.isDisturbed = true;
          if (event.direction !== "down") record.pipe.aToB.blackHole();
          if (event.direction !== "up") record.pipe.bToA.blackHole();
        }
        return;
      case "hold":
        return last && network.hold(last, event.direction, event.forMs);
      case "refuse":
      case "unreachable":
        network.setState(event.kind === "refuse" ? "refusing" : "unreachable");
        return this.#schedule.after(event.forMs, () => network.setState("up"));
      case "impostor":
        network.impostor = event.impostor;
        return this.#schedule.after(event.forMs, () => network.impostor = undefined);
      case "lines":
        network.paths[0].lines = event.lines;
        return;
      case "swallow":
        return network.swallow(network.paths[0], event.largest);
      case "path":
        return network.killPath(network.paths[event.path], event.direction, event.forMs);
      case "kill client":
        return sides.restart("client", () => sides.kill(sides.client.process, event.carriers), event.forMs);
      case "kill server":
        return sides.restart("server", () => sides.kill(sides.server.process, event.carriers), event.forMs);
      case "stop client":
        return sides.stop("client", event.forMs);
      case "stop server":
        return sides.stop("server", event.forMs);
      case "drain client":
        return sides.drain("client", event.forMs);
      case "drain server":
        return sides.drain("server", event.forMs);
      case "suspend client":
        return sides.suspend(sides.client.process, event.forMs);
      case "suspend server":
        return sides.suspend(sides.server.process, event.forMs);
      case "sleep":
        sides.disturb();
        for (const { pipe } of open) pipe.blackHole();
        this.#clock.jumpWall(event.forMs * 1000);
        return sides.wake();
      case "asleep":
        return sides.sleep(event);
      case "wake":
        return sides.wake();
      case "address":
        return this.#readdress();
      case "move":
        return sides.addressesChanged(() => false);
      case "rogue":
        return this.#letIn(event.act);
    }
  }

  /** The machine has another address on the first path, and its carriers there are dead. */
  #readdress(): void {
    const { open, paths } = this.#network;
    this.#sides.disturb();
    for (const { pipe, path } of open) if (path === paths[0]) pipe.blackHole();
    paths[0].readdress();
    this.#sides.addressesChanged((address) => paths.some(({ localAddress }) => localAddress === address));
  }

  #letIn(act: RogueAct): void {
    const process = new Process(`rogue that ${act}`, this.#clock);
    const { overheard } = this.#network;
    this.#model.rogues.add(process);
    const dial = () => this.#network.dial(process, new AbortController().signal);
    dial()
      .then((carrier) => playRogue(act, carrier, { overheard, token: this.#sides.token, dial }))
      .catch(() => {})
      .then(() => this.#model.rogueLeft(process, act));
  }
}
