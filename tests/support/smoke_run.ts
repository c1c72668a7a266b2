/**
 * Running the smoke test.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

/** What a run showed. */
export interface SmokeResult {
  code: number;
  output: string;
  errors: string;
  tookMs: number;
}

/** Runs `scripts/smoke/main.ts` with these arguments. */
export async function smoke(...args: string[]): Promise<SmokeResult> {
  const script = fileURLToPath(new URL("../../scripts/smoke/main.ts", import.meta.url));
  const startMs = performance.now();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", script, ...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const [output, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, output, errors, tookMs: performance.now() - startMs };
}
