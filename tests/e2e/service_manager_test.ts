/** A role and a configuration tell the service manager how they are, by its own socket: sd_notify(3). */
import { assert, assertEquals } from "@std/assert";
import { PERMISSIONS } from "../../scripts/compile/permissions.ts";
import { scenario } from "../support/scenario.ts";
import { echo, freePort, UserServer } from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

/** The socket of a service manager. */
class NotifySocket implements Disposable {
  readonly told: string[] = [];
  readonly name = `tele-test-${crypto.randomUUID()}`;
  readonly #socket: Deno.DatagramConn;

  constructor() {
    this.#socket = Deno.listenDatagram({ transport: "unixpacket", path: `\0${this.name}` });
    this.#read();
  }

  /** What systemd sets for a process of `Type=notify` with `WatchdogSec=`, which a shell in front does not pass on. */
  env(watchdogMs: number): Record<string, string> {
    return { NOTIFY_SOCKET: `@${this.name}`, WATCHDOG_USEC: String(watchdogMs * 1000) };
  }

  async heard(pattern: RegExp): Promise<void> {
    await until(() => this.told.some((text) => pattern.test(text)), 20_000, `a word that matches ${pattern}`);
  }

  async #read(): Promise<void> {
    for await (const [bytes] of this.#socket) this.told.push(new TextDecoder().decode(bytes));
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

Deno.test({
  name:
    "a role with the permissions of the compiled program tells that it is ready, that its event loop turns, and that it ends",
  ignore: Deno.build.os !== "linux",
  fn: scenario(60_000, async (s) => {
    using manager = new NotifySocket();
    const user = s.use(new UserServer(echo));
    const args = [`--in=127.0.0.1:${user.port}`, "--out=127.0.0.1:0"];
    const server = await s.start("server", args, { env: manager.env(400), permissions: PERMISSIONS });
    await manager.heard(/^READY=1\nSTATUS=tele server/);
    const count = () => manager.told.filter((text) => text === "WATCHDOG=1").length;
    await until(() => count() >= 4, 20_000, "signs of life");

    // A stopped process is one whose event loop does not turn.
    server.signal("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = count();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assertEquals(count(), before);
    server.signal("SIGCONT");
    await until(() => count() > before, 20_000, "signs of life again");

    assertEquals((await server.stop("SIGTERM")).code, 0);
    await manager.heard(/^STOPPING=1\nSTATUS=ended by SIGTERM$/);
    assert(!server.log.some((line) => line.includes("NOTIFY_SOCKET")), server.report());
  }),
});

Deno.test({
  name: "a configuration is ready when all its tunnels run, and tells of them again after a reload",
  ignore: Deno.build.os !== "linux",
  fn: scenario(60_000, async (s) => {
    using manager = new NotifySocket();
    const user = s.use(new UserServer(echo));
    const server = (name: string) =>
      `[[tunnel]]\nname = "${name}"\nrole = "server"\nin = ":${user.port}"\nout = "127.0.0.1:${freePort()}"\n`;
    const [file, first] = [`${s.home}/tele.toml`, server("first")];
    await Deno.writeTextFile(file, first);
    const process = await s.start("config", [`--config=${file}`], { env: manager.env(0) });
    await manager.heard(/^READY=1\nSTATUS=1 of 1 tunnels run$/);
    await Deno.writeTextFile(file, first + server("second"));
    process.signal("SIGHUP");
    await manager.heard(/^STATUS=2 of 2 tunnels run$/);
    await within(process.stop("SIGTERM"), 20_000, "the end");
    await manager.heard(/^STOPPING=1\n/);
    assertEquals(manager.told.filter((text) => text === "WATCHDOG=1"), [], "nobody watches");
  }),
});
