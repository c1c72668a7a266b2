/**
 * Many tele clients in one process, which no machine could hold in processes of their own.
 *
 * `many_clients.ts COUNT PORT`: each client dials the tele server on `PORT` of this machine. When each has a carrier,
 * one line on standard output tells, as JSON, the ports on which they listen. They end with the process.
 *
 * @module
 */
import { parseCommandLine } from "../../lib/tunnel/command_line/command_line.ts";
import { startClient } from "../../lib/tunnel/roles/client.ts";
import { pause } from "../../tests/support/wait.ts";

if (import.meta.main) {
  const [count, port] = Deno.args.map(Number);
  const command = parseCommandLine(["--client", "--in=127.0.0.1:0", `--out=127.0.0.1:${port}`]);
  if (command.kind !== "client") throw new Error(`the command line of a ${command.kind}`);
  const { options } = command;
  const clients = await Promise.all(Array.from({ length: count ?? 0 }, () => startClient(options, () => {})));
  while (clients.some(({ status }) => status?.().carriers === 0)) await pause(20);
  console.log(JSON.stringify(clients.map(({ listens }) => Number(listens[0]?.split(":").at(-1)))));
}
