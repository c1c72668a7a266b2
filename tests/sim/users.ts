/**
 * Connects users: clients open streams, and the server dials users' servers for them.
 *
 * @module
 */
import type { MuxClient } from "../../lib/mux/link.ts";
import type { SimClock } from "./clock.ts";
import type { Model } from "./model.ts";
import type { Process } from "./process.ts";
import type { Scenario, SimStream } from "./scenario.ts";
import type { Schedule } from "./schedule.ts";
import { SimUser, type UserPlan } from "./user.ts";
import { FIRST_SERVER_KEY } from "./user_model.ts";
import type { Verdict } from "./verdict.ts";

/** What {@linkcode Users} need. */
export interface UsersOptions {
  scenario: Scenario;
  clock: SimClock;
  schedule: Schedule;
  verdict: Verdict;
  model: Model;
}

/** Makes the users of one run, and tells the model of each. */
export class Users {
  readonly #scenario: Scenario;
  readonly #clock: SimClock;
  readonly #schedule: Schedule;
  readonly #verdict: Verdict;
  readonly #model: Model;
  #serverUsers = 0;

  constructor(options: UsersOptions) {
    this.#scenario = options.scenario;
    this.#clock = options.clock;
    this.#schedule = options.schedule;
    this.#verdict = options.verdict;
    this.#model = options.model;
  }

  /** A user connects to the client. */
  open({ process, mux }: { process: Process; mux: MuxClient }, stream: SimStream, key: number): void {
    if (!process.isAlive || process.isSuspended) return;
    const user = this.#user(key, process, stream.client);
    this.#verdict.trace(`${user.peer} connects`);
    this.#model.opened(user, mux.isAttached);
    try {
      mux.open(user);
    } catch {
      // A client that was told to stop takes nobody: its user finds nobody listening.
      this.#model.users.all.delete(key);
    }
  }

  /** The server connects to a user's server. */
  dial(process: Process, signal: AbortSignal): Promise<SimUser> {
    const number = this.#serverUsers++;
    const key = FIRST_SERVER_KEY + number;
    const { serverUsers } = this.#scenario;
    const { plan, dialMs, refuses } = serverUsers[number % serverUsers.length];
    return new Promise((resolve, reject) => {
      const connect = () =>
        process.io(() => {
          if (signal.aborted) return reject(signal.reason);
          this.#verdict.trace(`server user ${key} ${refuses ? "refuses" : "accepts"}`);
          if (refuses) return reject(new Error(`refused by ${key}`));
          const user = this.#user(key, process, plan);
          this.#model.opened(user, true);
          resolve(user);
        });
      if (dialMs === 0 || this.#schedule.isHealed) connect();
      else this.#clock.io.setTimer(connect, dialMs);
    });
  }

  #user(key: number, process: Process, plan: UserPlan): SimUser {
    const user = new SimUser({
      key,
      isClient: key < FIRST_SERVER_KEY,
      process,
      plan,
      clock: this.#clock,
      watcher: this.#model.users,
      seed: this.#scenario.seed ^ Math.imul(key, 0x9e3779b1),
    });
    if (this.#schedule.isHealed) user.heal();
    return user;
  }
}
