import { run } from "./lib/tunnel/run.ts";

Deno.exit(await run(Deno.args));
