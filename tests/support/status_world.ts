/**
 * A client and a server in memory whose sessions are looked on at, as `--status` does.
 *
 * @module
 */
import { MemoryBudget } from "../../lib/session/memory_budget.ts";
import { ProcessStatus } from "../../lib/tunnel/status/process_status.ts";
import type { TunnelStatus } from "../../lib/tunnel/status/tunnel_status.ts";
import { FakeClock } from "./fake_clock.ts";
import { MuxWorld, type MuxWorldOptions } from "./mux_world.ts";

/** A status of its own, with a clock that the test moves. */
export function aStatus(clock = new FakeClock()): ProcessStatus {
  return new ProcessStatus({ clock, memory: new MemoryBudget(1_000_000), version: "1.2.3" });
}

/** A {@linkcode MuxWorld}, and what a process at either end tells of it. */
export class StatusWorld implements AsyncDisposable {
  readonly mux: MuxWorld;
  readonly client: TunnelStatus;
  readonly server: TunnelStatus;
  /** Of a process in which both run. */
  readonly status: ProcessStatus;

  constructor({ client, server, ...options }: MuxWorldOptions = {}) {
    const clock = new FakeClock();
    this.status = aStatus(clock);
    this.client = this.status.add({ name: "near", role: "client" });
    this.server = this.status.add({ name: "far", role: "server" });
    this.mux = new MuxWorld({
      ...options,
      clock,
      client: { observer: this.client, ...client },
      server: { observer: this.server, ...server },
    });
  }

  /** The client's carriers are cut, and none comes until the network is up again. */
  async breakNetwork(): Promise<void> {
    this.mux.network.state = "refusing";
    this.mux.network.cut();
    await this.mux.clock.advance(100);
  }

  /** The network is up again, and the client has a carrier. */
  async mendNetwork(): Promise<void> {
    this.mux.network.state = "up";
    await this.mux.attached();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mux[Symbol.asyncDispose]();
  }
}
