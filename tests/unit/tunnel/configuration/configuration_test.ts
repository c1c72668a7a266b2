import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TeleError } from "../../../../lib/net/error.ts";
import { readConfiguration } from "../../../../lib/tunnel/configuration/configuration.ts";
import { anyText } from "../../../support/any_text.ts";
import { configuration } from "../../../support/tunnel_entries.ts";

const SERVER = '[[tunnel]]\nname = "nas"\nrole = "server"\nin = ":22"\nout = ":40300"\n';
const CLIENT = '[[tunnel]]\nname = "office"\nrole = "client"\nin = ":2222"\nout = "example.com:40300"\n';

Deno.test("what stands above the tables holds for the process, or is a default of the tunnels that take it", () => {
  const top = 'log-level = "warn"\nlog-format = "json"\nmemory = "64MiB"\nmax = 5\ncarriers = 2\n';
  const { logLevel, logFormat, memoryBytes, tunnels } = configuration(`${top}${SERVER}${CLIENT}max = 7\n`);
  assertEquals([logLevel, logFormat, memoryBytes], ["warn", "json", 64 * 1024 * 1024]);
  assertEquals(tunnels.map(({ name, command }) => [name, command.options.limits.maxStreams]), [["nas", 5], [
    "office",
    7,
  ]]);
  const client = tunnels[1]?.command;
  assertEquals(client?.kind === "client" && client.options.carriers, 2);
});

Deno.test("without a word about it the process logs as a command line would", () => {
  const { logLevel, logFormat, memoryBytes } = configuration(SERVER);
  assertEquals([logLevel, logFormat, memoryBytes], ["info", "text", undefined]);
});

Deno.test("each mistake has file, line and column", () => {
  const cases: [text: string, says: string][] = [
    ["", "tele.toml:1:1: no tunnel is in this file"],
    ["max = 5\n", "tele.toml:1:1: no tunnel is in this file"],
    [`max = \n${SERVER}`, "tele.toml:1:1: this is not TOML: Cannot parse value"],
    [
      `${SERVER}token-file = token\n`,
      'tele.toml:6:14: this is not TOML: Cannot parse value; text stands in quotes, for example in = ":22"',
    ],
    [`${SERVER}max = tru\n`, "tele.toml:6:7: this is not TOML: Cannot parse value"],
    [`${SERVER}max = 5,\n`, "tele.toml:6:8: this is not TOML: Unexpected character"],
    [`${SERVER}max = 5 tls = 6\n`, "tele.toml:6:8: this is not understood: write one key = value on each line"],
    [`${SERVER}out = ":1"\n`, "tele.toml:6:1: out stands in line 5 already"],
    ["[server]\n", "tele.toml:1:1: [server] is no table here"],
    ['tunnel = ["a"]\n', "tele.toml:1:1: write each tunnel as a table of its own"],
    [`in = ":22"\n${SERVER}`, "tele.toml:1:1: in is another for each tunnel: write it below [[tunnel]]"],
    [`name = "x"\n${SERVER}`, "tele.toml:1:1: name is another for each tunnel"],
    [`mxa = 5\n${SERVER}`, "tele.toml:1:1: unknown key mxa; the nearest is max"],
    [`__proto__ = 5\n${SERVER}`, "tele.toml:1:1: unknown key __proto__"],
    [`a.b = 5\n${SERVER}`, "tele.toml:1:1: unknown key a.b"],
    [`max = 0\n${SERVER}`, "tele.toml:1:7: max takes a whole number"],
    [`carriers = 2\n${SERVER}`, 'tele.toml:1:1: carriers belongs to role = "client", and no tunnel here has it'],
    [`encryption = "never"\n${SERVER}`, "tele.toml:1:1: tunnel nas: --encryption is about a token"],
    [`${SERVER}${SERVER.replace("40300", "40301")}`, "tele.toml:7:8: another tunnel is called nas already"],
    [`${SERVER}${SERVER.replace("nas", "nas2")}`, "tele.toml:10:7: tunnel nas listens on :40300 already"],
    [`${SERVER}${CLIENT.replace(":2222", ":40300")}`, "tele.toml:9:6: tunnel nas listens on :40300 already"],
    [`forward = ":5432=db"\n${CLIENT}${CLIENT.replace("office", "b").replace("2222", "2")}`, "tele.toml:1:11: tunnel"],
    [`\r\n${SERVER.replaceAll("\n", "\r\n")}max = 0\r\n`, "tele.toml:7:7: max takes"],
  ];
  for (const [text, says] of cases) {
    const error = assertThrows(() => configuration(text), TeleError, says);
    assertEquals([error.code, error.message.includes("\n")], ["bad-input", false]);
  }
});

Deno.test("any text is a configuration or one line that says what is wrong", () => {
  const texts = fc.oneof(
    anyText(),
    fc.tuple(anyText(20), anyText(20)).map(([one, other]) => `${one}\n${SERVER}${other}`),
  );
  fc.assert(fc.property(texts, (text) => {
    try {
      assert(configuration(text).tunnels.length > 0);
    } catch (error) {
      assert(error instanceof TeleError, String(error));
      assert(/^tele\.toml:\d+:\d+: [^\n]+$/.test(error.message), error.message);
    }
  }));
});

Deno.test("the file is called as its user called it, without what a terminal would act on", () => {
  const read = () => readConfiguration("", { file: "/etc/\x1b[31m.toml", environment: {} });
  assert(!assertThrows(read, TeleError, ":1:1: no tunnel").message.includes("\x1b"));
});

Deno.test("the status of the process stands above the tables, and its secret not without it", () => {
  const { status } = configuration(`status = ":9091"\nstatus-token-file = "secret"\n${SERVER}`);
  assertEquals(status, { address: { kind: "tcp", host: undefined, port: 9091 }, tokenFile: "secret" });
  assertEquals(configuration(SERVER).status, undefined);
  const alone = `max = 5\nstatus-token-file = "secret"\n${SERVER}`;
  assertThrows(() => configuration(alone), Error, "tele.toml:2:1: --status-token-file guards the status address");
  assertThrows(() => configuration(`${SERVER}status = ":9091"\n`), Error, "above the first [[tunnel]]");
});
