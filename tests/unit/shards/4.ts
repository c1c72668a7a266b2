import { importShard } from "./shard.ts";

await importShard(import.meta.url);
