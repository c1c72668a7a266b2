/**
 * A tele server and the way to it in memory, for what `tele doctor` does to them.
 *
 * @module
 */
import { TeleError } from "../../lib/net/error.ts";
import { MuxServer } from "../../lib/mux/link.ts";
import type { MuxServerOptions } from "../../lib/mux/link_options.ts";
import { ClientHandshake } from "../../lib/session/handshake/client_handshake.ts";
import { ownToken } from "../../lib/session/handshake/own_token.ts";
import { DEFAULT_LIMITS } from "../../lib/session/session_limits.ts";
import { type ExaminationNeeds, examine } from "../../lib/tunnel/doctor/examination.ts";
import type { Finding } from "../../lib/tunnel/doctor/finding.ts";
import { type Answered, TrialSession } from "../../lib/tunnel/doctor/trial_session.ts";
import { WatchedDuplex } from "../../lib/tunnel/doctor/watched_duplex.ts";
import { parseCommandLine } from "../../lib/tunnel/command_line/command_line.ts";
import { FakeClock } from "./fake_clock.ts";
import { MemoryNetwork } from "./memory_network.ts";

/** Server, network and what was found. */
export class DoctorWorld {
  readonly clock = new FakeClock();
  readonly findings: Finding[] = [];
  readonly lines: string[] = [];
  readonly network: MemoryNetwork;
  /** Takes the next connections. */
  server: MuxServer;

  constructor(options: Partial<MuxServerOptions> = {}) {
    this.server = this.makeServer(options);
    const onConnection = (duplex: Parameters<MuxServer["accept"]>[0]) => void this.server.accept(duplex);
    this.network = new MemoryNetwork({ clock: this.clock, delayMs: 10, onConnection });
  }

  /** Another server, which knows nothing of the first. */
  makeServer(options: Partial<MuxServerOptions> = {}): MuxServer {
    return new MuxServer({
      clock: this.clock,
      log: (level, line) => void this.lines.push(`${level}: ${line}`),
      dial: () => Promise.reject(new TeleError("refused", "nobody is to be dialed")),
      ...options,
    });
  }

  /** Examines the path of a client's command line. */
  examine(needs: Partial<ExaminationNeeds> = {}, args: readonly string[] = ["--out=192.0.2.1:1"]): Promise<boolean> {
    const command = parseCommandLine(["doctor", ...args]);
    if (command.kind !== "doctor") throw new Error("this is a doctor's command line");
    return examine({
      options: command.options.client,
      path: 0,
      idleMs: 4_000,
      waitMs: 5_000,
      token: ownToken({}),
      isGuarded: false,
      dialer: { dialCarrier: (signal) => this.network.dial(signal) },
      resolve: () => Promise.reject(new Error("no names here")),
      clock: this.clock,
      tell: (finding) => void this.findings.push(finding),
      signal: new AbortController().signal,
      ...needs,
    });
  }

  /** What was found, each as `ok STEP` or `FAIL STEP`. */
  get steps(): string[] {
    return this.findings.map(({ isGood, step }) => `${isGood ? "ok" : "FAIL"} ${step}`);
  }

  /** A connection whose server has answered. */
  async answered(sessionId?: Uint8Array): Promise<Answered> {
    const duplex = new WatchedDuplex(await this.network.dial(), this.clock);
    return { duplex, handshake: await ClientHandshake.begin(duplex, sessionId), roundTripMs: 20 };
  }

  /** A session on a connection of its own. */
  async begin(): Promise<{ session: TrialSession; first: Answered }> {
    const first = await this.answered();
    const session = await TrialSession.begin(first, {
      clock: this.clock,
      limits: DEFAULT_LIMITS,
      token: ownToken({}),
      path: 0,
      asksByName: false,
    });
    return { session, first };
  }
}
