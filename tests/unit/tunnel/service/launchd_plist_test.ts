import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { launchdPlan, launchdPlist } from "../../../../lib/tunnel/service/launchd_plist.ts";
import { isMarked } from "../../../../lib/tunnel/service/marked_text.ts";
import { exampleService } from "../../../support/example_service.ts";

const ALICE = { home: "/Users/alice", uid: 501 };

Deno.test("a property list is marked, begins with XML's declaration, and has the words one by one", () => {
  const words = ["/opt/R&D/tele", "--config=/etc/ä.toml"];
  const text = launchdPlist(exampleService({ words }), ALICE);
  assert(isMarked(text) && text.startsWith("<?xml "));
  assertStringIncludes(
    text,
    "    <string>/opt/R&#38;D/tele</string>\n    <string>--config=/etc/&#228;.toml</string>\n",
  );
  assertStringIncludes(text, "<string>/Users/alice/Library/Logs/tele.log</string>");
  assert(!text.includes("EnvironmentVariables"));
});

Deno.test("from source it is told where Deno's cache is", () => {
  const text = launchdPlist(exampleService({ cacheHome: "/var/root" }), { home: undefined, uid: 0 });
  assertStringIncludes(text, "<key>HOME</key>\n    <string>/var/root</string>");
  assertStringIncludes(text, "<string>/Library/Logs/tele.log</string>");
});

Deno.test("a user's agent and a daemon of the system are in their folders and domains", () => {
  const [agent, daemon] = [launchdPlan("tele", ALICE), launchdPlan("tele", { home: undefined, uid: 0 })];
  assertEquals(agent.file, "/Users/alice/Library/LaunchAgents/tele.plist");
  assertEquals(agent.begin, [["launchctl", "bootstrap", "gui/501", agent.file]]);
  assertEquals(agent.end, [["launchctl", "bootout", "gui/501/tele"]]);
  assertEquals(daemon.file, "/Library/LaunchDaemons/tele.plist");
  assertEquals(daemon.status, ["launchctl", "print", "system/tele"]);
});
