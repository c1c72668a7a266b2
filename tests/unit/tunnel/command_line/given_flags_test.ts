import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { GivenFlags, mistake } from "../../../../lib/tunnel/command_line/given_flags.ts";
import * as rfd80 from "../../../../lib/tunnel/command_line/rfd80_options.ts";
import * as session from "../../../../lib/tunnel/command_line/session_options.ts";
import { refusal } from "../../../support/command_lines.ts";

Deno.test("a value is read by its row, and without one the row's default is", () => {
  const given = new GivenFlags(["--ping-interval=10s", "-max", "7"]);
  assertEquals([given.has("ping-interval"), given.has("max"), given.has("carriers")], [true, true, false]);
  assertEquals([given.value(session.PING_INTERVAL), given.value(session.CARRIERS)], [10_000, undefined]);
  assertEquals([given.valueOrDefault(session.MAX), given.valueOrDefault(session.CARRIERS)], [7, 6]);
});

Deno.test("of an option that may be repeated all values are kept, in their order", () => {
  const given = new GivenFlags(["--route=b=:2", "--route", "a=:1"]);
  given.refuseWhatIsNotTaken();
  assertEquals(given.values(rfd80.ROUTE).map(({ protocol }) => protocol), ["b", "a"]);
});

Deno.test("what is refused is named with its flag in front", () => {
  const given = new GivenFlags(["--server", "--carriers=2"]);
  given.refuse([session.MAX, session.MEMORY], "is not given");
  assertThrows(
    () => given.refuse([session.MAX, session.CARRIERS], "has no place here"),
    TeleError,
    "--carriers has no place here",
  );
  assertThrows(
    () => given.refuseOtherRole("server"),
    TeleError,
    "--carriers belongs to --client; --server does not take it",
  );
  assertThrows(
    () => given.refuseOthers(session.SERVER),
    TeleError,
    "--server does one thing and ends; --carriers would",
  );
  given.refuseOthers(session.SERVER, session.CARRIERS);
});

Deno.test("an option that is needed is asked for with an example", () => {
  const given = new GivenFlags(["--server", "--in=:22"]);
  given.need(session.SERVER_IN, "somebody needs --in");
  assertThrows(
    () => given.need(session.CLIENT_OUT, "somebody needs --out=ADDR"),
    TeleError,
    "somebody needs --out=ADDR: for example --out=example.com:40300",
  );
});

Deno.test("a mistake is one line, whatever was typed", () => {
  const error = mistake("two\nlines\x1b[2J");
  assertEquals([error.code, error.message], ["bad-input", "two\\u000alines\\u001b[2J"]);
});

Deno.test("an unknown option is answered with the nearest one", () => {
  const typos: [string, string][] = [
    ["--otu=:1", "--out"],
    ["-inn=:1", "--in"],
    ["--ping", "--ping-interval"],
    ["--resume-time=5s", "--resume-timeout"],
    ["--maxsessions=5", "--max-sessions"],
    ["--loglevel", "--log-level"],
    ["--LOG-FORMAT=json", "--log-format"],
    ["--no-server", "--server"],
    ["--tls-crt=x", "--tls-cert"],
    ["--stdi", "--stdio"],
  ];
  for (const [typo, nearest] of typos) {
    const message = refusal(["--server", "--in=:22", typo]);
    assertStringIncludes(message, "unknown option ");
    assertStringIncludes(message, `the nearest is ${nearest}`);
  }
  for (
    const odd of [
      "--no-in=:22",
      "---in=:22",
      "--in.port=22",
      "--__proto__=x",
      "--constructor",
      "-5",
      "-é",
      "--=",
      "-_",
      "--_",
      "--_=:1",
      "-5_",
    ]
  ) {
    assertStringIncludes(refusal(["--server", "--in=:22", odd]), "unknown option");
  }
});
