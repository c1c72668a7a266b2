/** The seat of a process, and its command in it. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseCommandLine } from "../../../../lib/tunnel/command_line/command_line.ts";
import type { RoleCommand } from "../../../../lib/tunnel/configuration/tunnel_table.ts";
import type { Seat } from "../../../../lib/tunnel/workers/seat.ts";
import { mustMeet, seated, seatVariable, takeSeat } from "../../../../lib/tunnel/workers/seat_here.ts";

const SEAT: Seat = { number: 1, count: 2, generation: 0, folder: "/tmp/tele-workers-1" };

function variableOf(text: string | undefined) {
  return { get: () => text, delete: () => void (text = undefined) };
}

function command(...args: string[]): RoleCommand {
  const command = parseCommandLine(args);
  assert(command.kind === "server" || command.kind === "client");
  return command;
}

Deno.test("a seat is taken from the environment once, so that what a worker starts is no worker", () => {
  const { TELE_WORKER } = seatVariable(SEAT);
  const variable = variableOf(TELE_WORKER);
  assertEquals(takeSeat(variable), SEAT);
  assertEquals(takeSeat(variable), undefined);
  assertThrows(() => takeSeat(variableOf("1")), Error, "unset it");
});

Deno.test("a server's workers are a fleet in the parent's folder, and a client's are not", () => {
  const server = seated(command("--server", "--in=:22", "--out=:40300", "--workers=2"), SEAT);
  assert(server.kind === "server");
  const folder = "/tmp/tele-workers-1";
  assertEquals(server.options.fleet, { node: undefined, keyFile: `${folder}/key`, folder });
  assertEquals(server.options.seat, SEAT);
  const client = seated(command("--client", "--in=:2222", "--out=a:40300", "--workers=2"), {
    ...SEAT,
    folder: undefined,
  });
  assertEquals([client.options.seat?.number, "fleet" in client.options], [1, false]);
});

Deno.test("with a node the workers meet in the folder, by the key of the whole fleet", () => {
  const others = ["--node=10.0.0.5:40301", "--fleet-key-file=k"];
  const server = seated(command("--server", "--in=:22", "--out=:40300", "--workers=2", ...others), SEAT);
  assert(server.kind === "server");
  const node = { kind: "tcp", host: "10.0.0.5", port: 40301 } as const;
  assertEquals(server.options.fleet, { node, keyFile: "k", folder: "/tmp/tele-workers-1" });
});

Deno.test("where there is a status address the parent has it, and a worker one in the folder, without a secret", () => {
  const asked = ["--status=:40380", "--status-token-file=t", "--workers=2"];
  const address = { kind: "unix", path: "/tmp/tele-workers-1/status.0.1" } as const;
  for (
    const each of [
      command("--server", "--in=:22", "--out=:40300", ...asked),
      command("--client", "--in=:2222", "--out=a:40300", ...asked),
    ]
  ) {
    assertEquals(seated(each, SEAT).options.status, { address, tokenFile: undefined }, each.kind);
  }
  assertEquals(seated(command("--server", "--in=:22", "--out=:40300", "--workers=2"), SEAT).options.status, undefined);
});

Deno.test("only workers of a server with sessions must meet", () => {
  const tls = ["--tls-cert=c", "--tls-key=k", "--workers=2", "--out=:443"];
  assert(mustMeet(command("--server", "--in=:22", "--out=:40300")));
  assert(mustMeet(command("--server", "--in=:22", "--route=h2=:80", ...tls)));
  const alone = command("--server", "--in=:80", "--protocol=h2", ...tls);
  assertEquals(mustMeet(alone), false);
  const there = seated(alone, SEAT);
  assert(there.kind === "server");
  assertEquals(there.options.fleet, undefined);
  assertEquals(mustMeet(command("--client", "--in=:2222", "--out=a:40300")), false);
});
