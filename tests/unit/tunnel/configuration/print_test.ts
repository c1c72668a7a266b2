import { assertEquals } from "@std/assert";
import { printConfiguration } from "../../../../lib/tunnel/configuration/print.ts";
import { argumentsOf } from "../../../../lib/tunnel/configuration/setting.ts";
import { configuration } from "../../../support/tunnel_entries.ts";

const TEXT = `# several
memory = "64MiB"
max = 5
tls = true
[[tunnel]]
in = ":22"
role = "server"
name = "nas"

[[tunnel]]
name = "office"
role = "client"
out = ["example.com:1", 'exec:ssh -W "a b" \\ c']
tls-name = "example.com"
max = 7

[[tunnel]]
name = "plain"
role = "client"
tls = false
out = "example.com:1"
`;

Deno.test("what is printed is what holds for each tunnel", () => {
  assertEquals(
    printConfiguration(configuration(TEXT)),
    `log-level = "info"
log-format = "text"
memory = "64MiB"

[[tunnel]]
name = "nas"
role = "server"
in = ":22"
max = 5

[[tunnel]]
name = "office"
role = "client"
out = ["example.com:1","exec:ssh -W \\"a b\\" \\\\ c"]
max = 7
tls = true
tls-name = "example.com"

[[tunnel]]
name = "plain"
role = "client"
out = "example.com:1"
max = 5
`,
  );
});

Deno.test("what is printed reads back the same", () => {
  const first = configuration(TEXT);
  const again = configuration(printConfiguration(first));
  const told = ({ logLevel, logFormat, memoryBytes, tunnels }: typeof first) => ({
    process: [logLevel, logFormat, memoryBytes],
    tunnels: tunnels.map(({ name, command, settings }) => [name, command, settings.map(argumentsOf)]),
  });
  // The parsers in the rows make new objects each time, which are equal.
  assertEquals(told(again), told(first));
  assertEquals(printConfiguration(again), printConfiguration(first));
});

Deno.test("what holds for the process is printed above the tables, if it was given", () => {
  const text =
    'status = ":9091"\nstatus-token-file = "secret"\n[[tunnel]]\nname = "nas"\nrole = "server"\nin = ":22"\n';
  const [top] = printConfiguration(configuration(text)).split("\n\n");
  assertEquals(top?.split("\n"), [
    'log-level = "info"',
    'log-format = "text"',
    'status = ":9091"',
    'status-token-file = "secret"',
  ]);
});
