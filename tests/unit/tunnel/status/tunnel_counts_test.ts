/** What happened in a tunnel, added up. */
import { assertEquals } from "@std/assert";
import { ResetCode } from "../../../../lib/mux/mux_constants.ts";
import { DESTINATION, TunnelCounts } from "../../../../lib/tunnel/status/tunnel_counts.ts";
import { OTHER } from "../../../../lib/tunnel/status/labelled_count.ts";

Deno.test("services of the tunnel are told apart, whatever else users name is not", () => {
  const counts = new TunnelCounts(["db", "web"]);
  const labels = [undefined, "db", "postgres.internal:5432", "no-such-service"].map((name) =>
    counts.serviceLabel(name)
  );
  assertEquals(labels, ["", "db", DESTINATION, OTHER]);
});

Deno.test("a stream counts for its service and client, and once more if it was refused or cut", () => {
  const counts = new TunnelCounts(["db"]);
  counts.streamEnded("db", "alice", { kind: "finished" });
  counts.streamEnded("db", "alice", { kind: "reset", code: ResetCode.reset, message: "", by: "peer" });
  counts.streamEnded("db", "alice", { kind: "reset", code: ResetCode.limit, message: "", by: "peer" });
  counts.streamEnded(undefined, undefined, { kind: "cut", message: "" });
  assertEquals(counts.streams.samples({}), [
    { labels: { service: "db", client: "alice" }, value: 3 },
    { labels: { service: "", client: "" }, value: 1 },
  ]);
  assertEquals([counts.refused, counts.cut], [1, 1]);
});
