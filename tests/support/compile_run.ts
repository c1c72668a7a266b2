/**
 * Running `deno task compile`.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

/** Runs `scripts/compile/main.ts` with these arguments, and `env` besides this process's environment. */
export async function compile(
  env: Record<string, string>,
  ...args: string[]
): Promise<{ code: number; output: string; errors: string }> {
  const script = fileURLToPath(new URL("../../scripts/compile/main.ts", import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", script, ...args],
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  return { code, output: new TextDecoder().decode(stdout), errors: new TextDecoder().decode(stderr) };
}
