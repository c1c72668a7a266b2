/** A test is found by its name: `tests/unit` mirrors `lib`. */
import { assertEquals } from "@std/assert";
import { isFile, sourcesBelow } from "../../support/source_tree.ts";

/** Files of lib without a unit test of their name, each with its reason. */
const EXCEPTIONS: Record<string, string> = {
  "lib/mux/link_options.ts": "types only",
  "lib/mux/mux_options.ts": "types only",
  "lib/mux/mux_session.ts": "types only",
  "lib/mux/stream_host.ts": "types only",
  "lib/net/known_clients.ts": "it judges who resumes TLS, and only OpenSSL's client does: tests/e2e/tls_resume_test.ts",
  "lib/net/tls_end.ts": "an interface, no code",
  "lib/session/carrier/carrier_host.ts": "types only",
  "lib/session/carrier/carrier_options.ts": "types only",
  "lib/session/session_options.ts": "types only",
  "lib/session/session_server_options.ts": "types only",
  "lib/session/upper_layer.ts": "types only",
  "lib/tunnel/command_line/role_options.ts": "types only",
  "lib/tunnel/roles/role_process.ts": "it is the process: tests/e2e/cli_test.ts, signal_test.ts and terminal_test.ts",
  "lib/tunnel/doctor/doctor_process.ts": "it is the process: tests/e2e/doctor_test.ts",
  "lib/tunnel/drain/run_drain.ts": "it is the process: tests/e2e/drain_command_test.ts",
  "lib/tunnel/drain/running_process.ts": "it looks at real processes: tests/e2e/drain_command_test.ts",
  "lib/tunnel/roles/running.ts": "types only",
  "lib/session/fleet/fleet_options.ts": "types only",
  "lib/tunnel/status/report.ts": "types, and two numbers that tests of who uses them know",
  "lib/tunnel/roles/signals.ts": "signals end the process that hears them: tests/e2e/signal_test.ts and nohup_test.ts",
  "lib/tunnel/roles/stdio.ts": "it reads the process's own standard input: tests/e2e/stdio_test.ts",
  "lib/tunnel/service/run_service.ts": "it is the process: tests/e2e/service_test.ts",
  "lib/tunnel/service/service.ts": "types only",
  "lib/tunnel/ssh/run_ssh.ts": "it is the process: tests/e2e/tele_ssh_test.ts",
  "lib/tunnel/status/page/dom.ts": "types only",
  "lib/tunnel/status/page/live.js": "it runs in a browser: tests/e2e/status_page_test.ts",
  "lib/tunnel/top/report.ts": "types only",
  "lib/tunnel/top/run_top.ts": "it is the process: tests/e2e/top_test.ts",
  "lib/tunnel/workers/child_process.ts": "it starts processes: tests/e2e/workers_test.ts",
  "lib/tunnel/workers/run_workers.ts": "it is the process: tests/e2e/workers_test.ts",
  "lib/tunnel/run_configuration.ts": "it is the process: tests/e2e/config_test.ts",
  "lib/tunnel/run.ts": "it is the process: tests/e2e/cli_test.ts and terminal_test.ts",
  "lib/mux/mux_constants.ts": "numbers only, which tests/unit/house/protocol_doc_test.ts reads in PROTOCOL.md",
};

/** Where the unit test of a file of lib is. */
function testOf(path: string): string {
  return path.replace(/^lib\//, "tests/unit/").replace(/\.[tj]s$/, "_test.ts");
}

/** The files that have neither a test nor a reason, and the reasons that no file needs. */
function findings(paths: readonly string[], isThere: (path: string) => boolean, exceptions: string[]): string[] {
  const without = paths.filter((path) => !isThere(testOf(path)));
  return [
    ...without.filter((path) => !exceptions.includes(path)).map((path) => `${path} has no ${testOf(path)}`),
    ...exceptions.filter((path) => !without.includes(path)).map((path) => `${path} needs no exception`),
  ];
}

Deno.test("the check of names finds a file without a test, and an exception that is over", () => {
  const isThere = (path: string) => path === "tests/unit/net/a_test.ts";
  const paths = ["lib/net/a.ts", "lib/net/b.ts", "lib/net/c.ts"];
  assertEquals(findings(paths, isThere, ["lib/net/b.ts"]), ["lib/net/c.ts has no tests/unit/net/c_test.ts"]);
  assertEquals(findings(paths, isThere, ["lib/net/a.ts", "lib/net/b.ts", "lib/net/c.ts", "lib/net/gone.ts"]), [
    "lib/net/a.ts needs no exception",
    "lib/net/gone.ts needs no exception",
  ]);
});

Deno.test("each file of lib has a unit test of its name", () => {
  assertEquals(findings(sourcesBelow("lib/"), isFile, Object.keys(EXCEPTIONS)), []);
});
