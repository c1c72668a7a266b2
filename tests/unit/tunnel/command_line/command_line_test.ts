import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { TeleError } from "../../../../lib/net/error.ts";
import { type Command, parseCommandLine } from "../../../../lib/tunnel/command_line/command_line.ts";
import { OPTIONS } from "../../../../lib/tunnel/command_line/option_table.ts";
import { anyText } from "../../../support/any_text.ts";
import * as lines from "../../../support/command_lines.ts";

const LIMITS = {
  pingIntervalMs: 30_000,
  resumeTimeoutMs: 604_800_000,
  replayBufferBytes: 33_554_432,
  maxStreams: 10_000,
};

const DEFAULTS = {
  memoryBytes: undefined,
  maxMessageBytes: 268_435_456,
  tokenFile: undefined,
  encryption: undefined,
  tokenVariable: undefined,
  drainTimeoutMs: 86_400_000,
  logLevel: "info",
  logFormat: "text",
  status: undefined,
  workers: undefined,
} as const;

const SERVER: Command = {
  kind: "server",
  options: {
    ...DEFAULTS,
    in: { kind: "tcp", host: undefined, port: 22 },
    out: { kind: "tcp", host: undefined, port: 40300 },
    services: [],
    allows: [],
    reverseListens: [],
    sendsProxy: false,
    fleet: undefined,
    routes: [],
    tls: undefined,
    limits: { ...LIMITS, maxSessions: 1000 },
  },
};

const CLIENT: Command = {
  kind: "client",
  options: {
    ...DEFAULTS,
    in: undefined,
    forwards: [],
    socks: undefined,
    reverses: [],
    isStdio: false,
    paths: [{
      out: { kind: "tcp", host: "example.com", port: 40300 },
      from: undefined,
      proxy: undefined,
      tls: undefined,
    }],
    protocol: undefined,
    sendsPings: false,
    carriers: 6,
    limits: LIMITS,
  },
};

Deno.test("every spelling of a server says the same", () => {
  const spellings = [
    ["--server", "--in=:22", "--out=:40300"],
    ["-server", "-in=:22", "-out=:40300"],
    ["--server", "--in", ":22", "--out", ":40300"],
    ["-out", ":40300", "-in", ":22", "-server"],
    ["--in=:22", "--server", "--out=:40300", "--"],
  ];
  for (const args of spellings) assertEquals(parseCommandLine(args), SERVER);
});

Deno.test("help and version", () => {
  assertEquals(parseCommandLine([]), { kind: "help" });
  for (
    const args of [["--help"], ["-help"], ["-h"], ["--client", "-h"], ["--server", "--help"], ["--help", "--version"], [
      "--otu=1",
      "--help",
    ]]
  ) {
    assertEquals(parseCommandLine(args), { kind: "help" });
  }
  for (const args of [["--version"], ["-version"], ["-v"], ["-V"]]) {
    assertEquals(parseCommandLine(args, { TELE_TOKEN: "x" }), { kind: "version" });
  }
});

Deno.test("a missing listen address is a free port", () => {
  assertEquals(parseCommandLine(["--client", "--out=example.com:40300"]), CLIENT);
  const server = parseCommandLine(["--server", "--in=unix:/run/app.sock"]);
  assert(server.kind === "server");
  assertEquals(server.options.out, undefined);
  assertEquals(server.options.in, { kind: "unix", path: "/run/app.sock" });
});

Deno.test("every option reaches the role", () => {
  const common = [
    ...["--ping-interval=10s", "--resume-timeout=24h", "--replay-buffer", "16MiB", "--memory=256MiB"],
    ...["--drain-timeout=10m", "--max=5", "-log-level=debug", "--log-format", "json"],
  ];
  const limits = {
    pingIntervalMs: 10_000,
    resumeTimeoutMs: 86_400_000,
    replayBufferBytes: 16_777_216,
    maxStreams: 5,
  };
  const told = {
    memoryBytes: 268_435_456,
    drainTimeoutMs: 600_000,
    logLevel: "debug",
    logFormat: "json",
  } as const;
  assertEquals(parseCommandLine(["--server", "--in=:22", "--out=:40300", "--max-sessions=7", ...common]), {
    kind: "server",
    options: { ...SERVER.options, ...told, limits: { ...limits, maxSessions: 7 } },
  });
  assertEquals(parseCommandLine(["--client", "--out=example.com:40300", "--carriers=3", ...common]), {
    kind: "client",
    options: { ...CLIENT.options, ...told, limits, carriers: 3 },
  });
});

Deno.test("a wrong command line is told which flag, and what it takes", () => {
  const server = ["--server", "--in=:22"];
  const client = ["--client", "--out=a:1"];
  const refusals: [string[], string[]][] = [
    [["--in=:22"], ["--server", "--client"]],
    [["--server", "--client", "--in=:22"], ["--server and --client"]],
    [["--server"], ["--in=ADDR", "the user's server", "--in=:22"]],
    [["--server", "--out=:1"], ["--in=ADDR"]],
    [["--client"], ["--out=ADDR", "the tele server"]],
    [["--client", "--in=:1"], ["--out=ADDR", "the tele server"]],
    [[...server, "--in=:23"], ["--in is given more than once"]],
    [[...server, "-server"], ["--server is given more than once"]],
    [[...client, "22"], ['"22" is not an option']],
    [[...client, "007"], ['"007" is not an option']],
    [[...client, "-"], ['"-" is not an option']],
    [[...client, ""], ['"" is not an option']],
    [[...client, "--", "--in=:1"], ['"--in=:1" is not an option']],
    [["server", "--in=:22"], ['"server" is not an option', "the nearest is --server"]],
    [["doctor", "example.com:40300"], [
      '"example.com:40300" is not an option',
      "behind one, as in --out=example.com:4",
    ]],
    [[...client, "extra"], ['"extra" is not an option, and tele takes only options; see --help']],
    [["--server", "--in"], ["--in takes host:port", "--in=:22", "no value"]],
    [["--server", "--in="], ["--in takes", "no value"]],
    [["--server", "--in", "--out=:1"], ["--in takes", "no value"]],
    [["--server", "--in", "--"], ["--in takes", "no value"]],
    [["--server=yes", "--in=:22"], ["--server takes no value"]],
    [["--server", "true", "--in=:22"], ["--server takes no value"]],
    [["--help=no"], ["--help takes no value"]],
    [["--server", "--in=localhost"], ["--in takes", '"localhost" has no port']],
    [["--server", "--in=:0"], ["--in takes", "port 0"]],
    [["--client", "--out=a:0"], ["--out takes", "port 0"]],
    [[...client, "--max-sessions=5"], ["--max-sessions belongs to --server"]],
    [[...server, "--carriers=5"], ["--carriers belongs to --client"]],
    [[...server, "--max=0"], ["--max takes a whole number from 1 to 1000000", "0 is less than 1"]],
    [[...server, "--max=1000001"], ["--max takes", "more than 1000000"]],
    [[...server, "--max=1e3"], ["--max takes", '"1e3" is not a whole number']],
    [[...server, "--max=-5"], ["--max takes", '"-5" is not a whole number']],
    [[...server, "--max-sessions=0"], ["--max-sessions takes a whole number from 1"]],
    [[...client, "--carriers=0"], ["--carriers takes a whole number from 1 to 8", "--carriers=4", "0 is less than 1"]],
    [[...client, "--carriers=9"], ["--carriers takes a whole number from 1 to 8", "9 is more than 8"]],
    [[...client, "--carriers=two"], ["--carriers takes", '"two" is not a whole number']],
    [[...client, "--pool=4"], ["--pool is gone", "leave it out", "--carriers=N"]],
    [[...client, "-pool", "4"], ["--pool is gone"]],
    [[...server, "--pool"], ["--pool is gone"]],
    [[...server, "--ping-interval=30"], ["--ping-interval takes a duration from 100ms to 1h", "30s"]],
    [[...server, "--ping-interval=99ms"], ["less than 100ms"]],
    [[...server, "--ping-interval=2h"], ["more than 1h"]],
    [[...server, "--resume-timeout=999ms"], ["--resume-timeout takes a duration from 1s to 30d"]],
    [[...server, "--resume-timeout=31d"], ["more than 30d"]],
    [[...server, "--replay-buffer=1GB"], ["--replay-buffer takes a size from 1MiB to 1GiB", "KiB"]],
    [[...server, "--replay-buffer=1023KiB"], ["less than 1MiB"]],
    [[...server, "--memory=31MiB"], ["less than 32MiB"]],
    [[...server, "--log-level=loud"], ["--log-level takes debug, info, warn or error"]],
    [[...server, "--log-format=xml"], ["--log-format takes text or json"]],
    [["--server", "--in=:22", "--out=:22"], ["would connect to itself", "--in is the user's server"]],
    [["--client", "--in=:22", "--out=localhost:22"], ["would connect to itself", "--out is the tele server"]],
    [["--client", "--out=example.com"], ["example.com:40300"]],
    [["--server", "--in=:22", "--out=0.0.0.0"], ["0.0.0.0:40300"]],
    [["--server", "--in=\x1b[2J\n:22"], ["--in takes", "not a host name"]],
    [["--server", "--in=unix:a\nb"], ["--in takes", "the whole path"]],
  ];
  for (const [args, parts] of refusals) {
    const message = lines.refusal(args);
    for (const part of parts) assertStringIncludes(message, part);
  }
});

Deno.test("standard input and output take one connection, of a session", () => {
  const command = parseCommandLine(["--client", "--stdio", "--out=:1", "--carriers=2"]);
  assert(command.kind === "client");
  assertEquals([command.options.isStdio, command.options.in, command.options.carriers], [true, undefined, 2]);
  const plain = parseCommandLine(["--client", "--out=:1"]);
  assert(plain.kind === "client");
  assertFalse(plain.options.isStdio);
  const refusals: [string, string][] = [
    ["--in=:2222", "--in is for connections that come; --stdio carries standard input and output: give one of the two"],
    ["--max=1", "--max is for many connections; --stdio carries only one: leave it out"],
    ["--protocol=x", "--protocol needs a port, which --in=ADDR opens: RFD 80 mode is not built for --stdio"],
  ];
  for (const [flag, sentence] of refusals) {
    assertEquals(lines.refusal(["--client", "--stdio", "--out=:1", flag]), sentence);
  }
  assertStringIncludes(lines.refusal(["--server", "--in=:22", "--stdio"]), "--stdio belongs to --client");
  assertStringIncludes(lines.refusal(["--client", "--stdio=x", "--out=:1"]), "--stdio takes no value");
});

Deno.test("an option that would do nothing is refused", () => {
  const shared = ["--resume-timeout=1h", "--replay-buffer=1MiB", "--token-file=t"];
  const pure = [
    ["--server", "--in=:1", "--protocol=a", ...lines.PAIR],
    ["--server", "--route=a=:1", ...lines.PAIR],
    [...lines.CLIENT, "--protocol=a"],
  ];
  for (const args of pure) {
    const own = args[0] === "--client" ? "--carriers=2" : "--max-sessions=2";
    for (const option of [...shared, own]) {
      const name = option.split("=")[0] ?? "";
      lines.areRefused([[[...args, option], [`${name} belongs to session mode`, "RFD 80 mode"]]]);
    }
  }
  lines.areRefused([
    [[...lines.SERVER, "--max-message=1MiB"], ["--max-message belongs to RFD 80 mode"]],
    [[...lines.CLIENT, "--tls", "--max-message=1MiB"], ["--max-message belongs to RFD 80 mode"]],
    [[...lines.SERVER, "--host=a"], ["--host belongs to --make-cert"]],
    [["--host=a"], ["--host belongs to --make-cert"]],
    [["--make-token", "--server"], ["--make-token", "--server would do nothing"]],
    [["--make-token", "--host=a"], ["--host would do nothing"]],
    [["--make-cert=d", "--host=a", "--make-token"], ["--make-cert would do nothing"]],
    [["--make-cert=d", "--host=a", "--in=:1"], ["--in would do nothing"]],
    [["--make-cert=d"], ["--make-cert needs --host=NAME"]],
    [["--make-cert=", "--host=a"], ["--make-cert takes a folder", "no value"]],
  ]);
});

Deno.test("any arguments are a command or get one line", () => {
  const tls = ["--tls-cert=c", "--tls-key=k", "--route=a=:1", "--protocol=a", "--route=", "--host=a", "--make-cert=d"];
  const word = fc.oneof(
    fc.constantFrom(...tls, "--server", "--client", "--out=:1", "--in=:1"),
    fc.constantFrom(...OPTIONS.map((option) => `--${option.name}`), "--", "-", "=", ":22", "true", "-in", "--in=:1"),
    anyText(8).map((text) => `--in=${text}`),
    anyText(8).map((text) => `-${text}`),
    anyText(8),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (args) => {
      try {
        parseCommandLine(args);
      } catch (error) {
        if (!(error instanceof TeleError)) throw error;
        lines.assertIsOneLine(error);
      }
    }),
    { numRuns: 1000 },
  );
});
