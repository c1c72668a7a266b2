import { run } from "./lib/tunnel/run.ts";
import config from "./deno.json" with { type: "json" };

Deno.exit(await run(Deno.args, config.version));
