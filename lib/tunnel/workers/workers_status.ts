/**
 * How it goes with all workers, as their parent tells it.
 *
 * @module
 */
import type { UnixAddress } from "../../net/address.ts";
import type { Clock, Timer } from "../../net/clock.ts";
import { TeleError } from "../../net/error.ts";
import type { StatusReport } from "../status/report.ts";
import type { ToldStatus } from "../status/status_source.ts";
import { askWorker, type DialWorker } from "./ask_worker.ts";
import { mergeMetrics } from "./merge_metrics.ts";
import { mergeReports, mergeTunnels } from "./merge_reports.ts";
import type { WorkerPlace } from "./worker.ts";

/** Options of {@linkcode WorkersStatus}. */
export interface WorkersStatusOptions {
  /** Time. */
  readonly clock: Clock;
  /** The workers that there are now. */
  readonly places: () => readonly WorkerPlace[];
  /** Where a worker is asked. */
  readonly addressOf: (place: WorkerPlace) => UnixAddress;
  /** Opens connections to workers. */
  readonly dial: DialWorker;
}

/** A worker that does not answer for so long hangs, in milliseconds. */
export const ANSWER_MS = 2_000;

/** How long one that hangs is waited for when it is looked at again, in milliseconds. */
const AGAIN_MS = 100;

/** What a worker tells. */
interface WorkerAnswer {
  readonly report: StatusReport;
  readonly metrics: string;
}

/** Asks all workers when somebody asks the parent, and puts their answers together. */
export class WorkersStatus {
  readonly #options: WorkersStatusOptions;
  /** The questions that are not answered yet, by address: one that hangs is asked once, until it answers or ends. */
  readonly #questions: Map<string, Promise<WorkerAnswer | undefined>> = new Map();
  /** Those questions for which somebody has waited in vain. */
  readonly #vain: WeakSet<Promise<WorkerAnswer | undefined>> = new WeakSet();

  /** Nobody is asked yet. */
  constructor(options: WorkersStatusOptions) {
    this.#options = options;
  }

  /**
   * What those tell that answer. One that hangs is told as that; one that is just started, or ends, is left out.
   *
   * @throws {TeleError} `carrier-lost` if none answers.
   */
  async look(): Promise<ToldStatus> {
    const places = this.#options.places();
    const all = await Promise.all(places.map(async (place) => ({ place, answer: await this.#answerOf(place) })));
    const told = all.flatMap(({ place, answer }) => typeof answer === "object" ? [{ place, ...answer }] : []);
    if (told.length === 0) throw new TeleError("carrier-lost", "no worker answers: they are being started, or hang");
    const newest = Math.max(...told.map(({ place }) => place.generation));
    const reports = told.map(({ place, report }) => ({ name: nameOf(place, newest), report }));
    const silent = all.flatMap(({ place, answer }) => answer === "silent" ? [nameOf(place, newest)] : []);
    return {
      tunnels: mergeTunnels(reports),
      report: () => mergeReports(reports, silent),
      metrics: () => mergeMetrics(told.map(({ place, metrics }) => ({ labels: labelsOf(place), text: metrics }))),
    };
  }

  async #answerOf(place: WorkerPlace): Promise<WorkerAnswer | "silent" | undefined> {
    const question = this.#questionTo(this.#options.addressOf(place));
    let timer: Timer | undefined;
    const silence = new Promise<"silent">((resolve) => {
      const limitMs = this.#vain.has(question) ? AGAIN_MS : ANSWER_MS;
      timer = this.#options.clock.setTimer(() => resolve("silent"), limitMs);
    });
    const answer = await Promise.race([question, silence]);
    timer?.cancel();
    if (answer === "silent") this.#vain.add(question);
    return answer;
  }

  #questionTo(address: UnixAddress): Promise<WorkerAnswer | undefined> {
    const asked = this.#questions.get(address.path);
    if (asked !== undefined) return asked;
    const question = this.#ask(address).finally(() => this.#questions.delete(address.path));
    this.#questions.set(address.path, question);
    return question;
  }

  async #ask(address: UnixAddress): Promise<WorkerAnswer | undefined> {
    try {
      const ask = (path: string) => askWorker(address, path, this.#options.dial);
      const [report, metrics] = await Promise.all([ask("/api/sessions"), ask("/metrics")]);
      return { report: JSON.parse(report), metrics };
    } catch {
      return undefined;
    }
  }
}

function nameOf({ number, generation }: WorkerPlace, newest: number): string {
  return generation === newest ? `worker ${number}` : `worker ${number} before upgrade ${generation + 1}`;
}

/** While an upgrade lasts there are two workers of a number. */
function labelsOf({ number, generation }: WorkerPlace): Record<string, number> {
  return { worker: number, generation };
}
