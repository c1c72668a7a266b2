/**
 * A file transfer through a network that breaks, without tele and with it: `deno task demo`.
 *
 * @module
 */
import { formatSize } from "../../lib/tunnel/values/size.ts";
import { runTool } from "../cli.ts";
import { INTERRUPTED, interrupted } from "../interruption.ts";
import { DEMO_HELP, type DemoOptions, parseDemoOptions } from "./options.ts";
import { networkRate } from "./outages.ts";
import { legend } from "./progress.ts";
import { run } from "./run.ts";
import { Scene } from "./scene.ts";
import { resultTable } from "./table.ts";
import { Terminal } from "./terminal.ts";
import { differences } from "./verdict.ts";

const DIAGRAM = `\
                    ╭~~ path 1 ~~╮
  fetch → tele client            tele server → file server   with tele
                    ╰~~ path 2 ~~╯
  fetch ~~~~~~~~~~~~~~~ path 1 ~~~~~~~~~~~~~~→ file server   without`;

/** Shows everything. Returns the exit code. */
async function show(options: DemoOptions, scene: Scene, terminal: Terminal): Promise<number> {
  const { palette } = terminal;
  const size = formatSize(options.sizeBytes);
  const rate = networkRate(options.sizeBytes, options.outages);
  terminal.line(
    palette.bold(`${size} down and ${size} up at once, while the network breaks ${times(options.outages)}`),
  );
  terminal.line();
  terminal.line(DIAGRAM);
  terminal.line();
  const pathRate = rate / 2;
  terminal.line(
    `  Each path lets pass ${Math.round(pathRate * 8 / 1e6)} Mbit/s each way. The network breaks like this:`,
  );
  for (const line of legend(palette)) terminal.line(line);
  terminal.draw(["", "  starting the processes ..."]);
  await scene.start(pathRate);
  terminal.draw([]);

  terminal.line();
  terminal.line(palette.bold("Without tele"));
  const without = await Promise.race([run(scene, scene.direct, options, terminal), scene.died]);
  terminal.line();
  terminal.line(palette.bold("With tele"));
  const withTele = await Promise.race([run(scene, scene.throughTele, options, terminal), scene.died]);

  const found = differences(options, withTele, without);
  if (found.length > 0) await hearSignals();
  terminal.line();
  for (const line of resultTable(options.sizeBytes, withTele, without, scene.replayed, palette)) terminal.line(line);
  terminal.line();
  for (const difference of found) terminal.line(palette.red(`  × ${difference}`));
  if (found.length > 0) {
    terminal.line(`  The logs of all processes are in ${await scene.keepLogs()}`);
    return 1;
  }
  const total = formatSize(2 * options.sizeBytes);
  terminal.line(
    palette.green(`  ✓ ${total} crossed ${count(options.outages)}: every byte equal, no program saw an error.`),
  );
  return 0;
}

function times(outages: number): string {
  return outages === 1 ? "once" : `${outages} times`;
}

function count(outages: number): string {
  return outages === 1 ? "1 outage" : `${outages} outages`;
}

/** Runs the demo and cleans up, whatever happens. */
async function main(options: DemoOptions): Promise<number> {
  const interruption = interrupted();
  const fault = new Promise<never>((_, reject) => {
    addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      reject(event.reason);
    });
    addEventListener("error", (event) => {
      event.preventDefault();
      reject(event.error);
    });
  });
  const terminal = new Terminal();
  await using scene = new Scene();
  const shown = Promise.race([show(options, scene, terminal), fault]).catch(async (error) => {
    await hearSignals();
    terminal.close();
    console.error(`demo: ${error.message}`);
    return 1;
  });
  const code = await Promise.race([shown, interruption]);
  terminal.close();
  if (code === INTERRUPTED) console.error("demo: interrupted");
  return code;
}

/** Ctrl-C reaches the processes too, and one of them may end before this one hears of it: that is no failure. */
function hearSignals(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 200));
}

/** The user's programs must find the demo's network, not a proxy. */
function ignoreProxies(): void {
  for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]) {
    Deno.env.delete(name);
    Deno.env.delete(name.toLowerCase());
  }
}

if (import.meta.main) {
  ignoreProxies();
  Deno.exit(await runTool({ name: "demo", help: DEMO_HELP, parse: parseDemoOptions, run: main }, Deno.args));
}
