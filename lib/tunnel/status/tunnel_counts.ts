/**
 * What happened in a tunnel, added up.
 *
 * @module
 */
import { isDestinationText } from "../../session/handshake/destination.ts";
import type { StreamEnd } from "../../mux/stream_host.ts";
import { ResetCode } from "../../mux/mux_constants.ts";
import { Histogram } from "./histogram.ts";
import { LabelledCount, OTHER } from "./labelled_count.ts";

/** Bounds of outages and recoveries, in seconds. */
const OUTAGE_BOUNDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200];

/** Bounds of round trips, in seconds. */
const ROUND_TRIP_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Stands for whatever users have named by SOCKS. */
export const DESTINATION = "(destination)";

/** Counters of one tunnel; each only grows. */
export class TunnelCounts {
  /** Carriers that were attached. */
  readonly carriers: LabelledCount = new LabelledCount(["way"]);
  /** Carriers that are gone. */
  readonly losses: LabelledCount = new LabelledCount(["way", "reason"]);
  /** Attempts that failed. */
  readonly failures: LabelledCount = new LabelledCount(["reason"]);
  /** Streams that are over. */
  readonly streams: LabelledCount = new LabelledCount(["service", "client"]);
  /** How long outages were. */
  readonly outages: Histogram = new Histogram(OUTAGE_BOUNDS);
  /** How long nothing was heard. */
  readonly recoveries: Histogram = new Histogram(OUTAGE_BOUNDS);
  /** Round trips. */
  readonly roundTrips: Histogram = new Histogram(ROUND_TRIP_BOUNDS);
  /** Outages that ended with the same session. */
  resumes = 0;
  /** Streams that were refused. */
  refused = 0;
  /** Streams that were cut. */
  cut = 0;
  /** Users that were refused before they had a stream. */
  usersRefused = 0;
  readonly #services: readonly string[];

  /** Nothing happened; `services` are the names that are told apart. */
  constructor(services: readonly string[]) {
    this.#services = services;
  }

  /** What stands in the label `service`: a name of this tunnel's, nothing for the one without, or one for all others. */
  serviceLabel(service: string | undefined): string {
    if (service === undefined) return "";
    if (this.#services.includes(service)) return service;
    return isDestinationText(service) ? DESTINATION : OTHER;
  }

  /** A stream is over, of that service and that client. */
  streamEnded(service: string | undefined, client: string | undefined, end: StreamEnd): void {
    this.streams.add([this.serviceLabel(service), client ?? ""]);
    if (end.kind === "cut") this.cut++;
    if (end.kind === "reset" && end.code !== ResetCode.reset) this.refused++;
  }
}
