/**
 * How soon bytes move again after an outage, with tele and on plain TCP, between two hosts made of network namespaces.
 *
 *     deno task recovery [--runs=20] [--outage=10s] [--swallowed=8s] [--asleep=30s] [--parallel=12] [--only=WORDS]
 *
 * @module
 */
import { formatDuration } from "../../lib/tunnel/values/duration.ts";
import { requiresHosts } from "../../tests/support/namespace.ts";
import { runTool } from "../cli.ts";
import { UsageError } from "../usage_error.ts";
import { measure } from "./measure.ts";
import { parseRecoveryOptions, RECOVERY_HELP, type RecoveryOptions } from "./options.ts";
import { isWithin, table } from "./table.ts";

/** After the link's return a run waits this long, in milliseconds: the timers of plain TCP grow with the outage. */
const PATIENCE_MS = 30_000;

/** 128 and the number of SIGINT. */
const INTERRUPTED = 130;

async function recovery(options: RecoveryOptions): Promise<number> {
  if (requiresHosts("ss", "socat").ignore) return 1;
  // Leaving through `exit` removes the namespaces.
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => Deno.exit(INTERRUPTED));

  const isShown = Deno.stderr.isTerminal();
  const onProgress = (done: number, of: number) =>
    isShown && Deno.stderr.writeSync(new TextEncoder().encode(`\r${done} of ${of} runs `));
  const rows = await measure({ ...options, patienceMs: PATIENCE_MS, plainPatienceMs: PATIENCE_MS, onProgress });
  if (isShown) console.error();
  if (rows.length === 0) throw new UsageError(`no outage has ${JSON.stringify(options.only)} in its name`);
  const [outage, swallowed, asleep] = [options.outageMs, options.swallowedMs, options.asleepMs].map(formatDuration);
  console.log(`A black hole lasts ${outage}, a box swallows for ${swallowed}, the client sleeps for ${asleep}.\n`);
  console.log(table(rows).join("\n"));
  return rows.every((row) => isWithin(row)) ? 0 : 1;
}

if (import.meta.main) {
  const tool = { name: "recovery", help: RECOVERY_HELP, parse: parseRecoveryOptions, run: recovery };
  Deno.exit(await runTool(tool, Deno.args));
}
