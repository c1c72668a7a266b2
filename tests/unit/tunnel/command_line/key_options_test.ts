import { assertEquals, assertFalse } from "@std/assert";
import { parseCommandLine } from "../../../../lib/tunnel/command_line/command_line.ts";
import {
  areRefused,
  CLIENT,
  clientOptions,
  PAIR,
  refusal,
  SERVER,
  serverOptions,
} from "../../../support/command_lines.ts";

Deno.test("a token comes from one place, and guards sessions only", () => {
  const environment = { TELE_TOKEN: "a secret" };
  assertEquals(serverOptions(SERVER, environment).tokenVariable, "a secret");
  assertEquals(clientOptions(CLIENT, environment).tokenVariable, "a secret");
  assertEquals(serverOptions([...SERVER, "--route=a=:1", ...PAIR], environment).tokenVariable, "a secret");
  assertEquals(clientOptions([...CLIENT, "--token-file=t"]).tokenFile, "t");
  assertEquals(serverOptions(SERVER, { TELE_TOKEN: undefined }).tokenVariable, undefined);

  const refusals: [string[], string, string[]][] = [
    [SERVER, "", ["TELE_TOKEN is set but empty", "--make-token"]],
    [CLIENT, "", ["TELE_TOKEN is set but empty", "--make-token"]],
    [[...SERVER, "--token-file=t"], "a secret", ["--token-file and TELE_TOKEN are both set"]],
    [["--server", "--route=a=:1", ...PAIR], "a secret", ["TELE_TOKEN", "unset it", "--tls-client-ca"]],
    [["--server", "--route=a=:1", ...PAIR], "", ["TELE_TOKEN", "unset it"]],
    [[...SERVER, "--protocol=a", ...PAIR], "a secret", ["TELE_TOKEN", "unset it", "--tls-client-ca"]],
    [[...CLIENT, "--protocol=a"], "a secret", ["TELE_TOKEN", "unset it", "--tls-cert"]],
  ];
  for (const [args, TELE_TOKEN, parts] of refusals) {
    areRefused([[args, parts]], { TELE_TOKEN });
    assertFalse(refusal(args, { TELE_TOKEN }).includes("a secret"), "a message does not show the token");
  }
});

Deno.test("a token seals, unless something else is said; without one there is nothing to say", () => {
  const environment = { TELE_TOKEN: "a secret" };
  for (const options of [serverOptions(SERVER, environment), clientOptions([...CLIENT, "--token-file=t"])]) {
    assertEquals(options.encryption, "auto");
  }
  for (const word of ["auto", "always", "never"] as const) {
    assertEquals(serverOptions([...SERVER, `--encryption=${word}`], environment).encryption, word);
    assertEquals(clientOptions([...CLIENT, `--encryption=${word}`], environment).encryption, word);
  }
  assertEquals([serverOptions(SERVER).encryption, clientOptions(CLIENT).encryption], [undefined, undefined]);
  areRefused([
    [[...SERVER, "--encryption=always"], ["--encryption", "--token-file=FILE", "TELE_TOKEN"]],
    [[...CLIENT, "--encryption=never"], ["--encryption", "--token-file=FILE", "TELE_TOKEN"]],
    [["--server", "--route=a=:1", ...PAIR, "--encryption=always"], ["--encryption", "session mode"]],
    [[...CLIENT, "--protocol=a", "--encryption=auto"], ["--encryption", "session mode"]],
  ]);
  areRefused([[[...CLIENT, "--encryption=on"], ["--encryption", "auto, always or never"]]], environment);
});

Deno.test("commands without a role", () => {
  assertEquals(parseCommandLine(["--make-token"], { TELE_TOKEN: "" }), { kind: "make-token", name: undefined });
  assertEquals(parseCommandLine(["--make-token", "--name=web-1.a@b"]), { kind: "make-token", name: "web-1.a@b" });
  assertEquals(parseCommandLine(["-make-cert", "d", "--host=localhost,*.Example.com,::1,127.0.0.1,localhost"]), {
    kind: "make-cert",
    directory: "d",
    hosts: [
      { kind: "dns", name: "localhost" },
      { kind: "dns", name: "*.example.com" },
      { kind: "ip", name: "::1" },
      { kind: "ip", name: "127.0.0.1" },
    ],
  });
});
