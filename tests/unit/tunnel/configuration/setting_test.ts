import { assertEquals, assertThrows } from "@std/assert";
import { CARRIERS, CLIENT_OUT, MAX } from "../../../../lib/tunnel/command_line/session_options.ts";
import { TLS } from "../../../../lib/tunnel/command_line/tls_options.ts";
import { locate } from "../../../../lib/tunnel/configuration/locator.ts";
import { PlacedError } from "../../../../lib/tunnel/configuration/place.ts";
import {
  argumentsOf,
  inForce,
  readSettings,
  type Setting,
  tomlValue,
} from "../../../../lib/tunnel/configuration/setting.ts";
import { parse } from "@std/toml";

const OPTIONS = [TLS, CLIENT_OUT, CARRIERS, MAX];

function read(text: string): Setting[] {
  return readSettings(locate(text).top, parse(text), OPTIONS, (name) => name === "name" ? undefined : `no ${name}`);
}

Deno.test("settings are what a command line would say, and go back to TOML", () => {
  const settings = read('name = "x"\nmax = 5\ntls = true\nout = ["a:1", "b:2"]\ncarriers = 2\n');
  assertEquals(settings.map(argumentsOf), [["--max=5"], ["--tls"], ["--out=a:1", "--out=b:2"], ["--carriers=2"]]);
  assertEquals(settings.map(tomlValue), [5, true, ["a:1", "b:2"], 2]);
  assertEquals(read('out = "a:1"').map(tomlValue), ["a:1"]);
});

Deno.test("a mistake has the place of the key, the value or the element that is wrong", () => {
  const cases: [text: string, column: number, says: string][] = [
    ["  otu = 1", 3, "no otu"],
    ["max = true", 7, "a number without quotes"],
    ["max = [5]", 7, "a number without quotes"],
    ['tls = "yes"', 7, "tls takes true or false, for example tls = true"],
    ['out = ["a:1", "b"]', 15, "out takes"],
    ['out = ["a:1", 2]', 15, "a string in quotes"],
    ["out = []", 7, "no value here"],
  ];
  for (const [text, column, says] of cases) {
    assertEquals(assertThrows(() => read(text), PlacedError, says).place, { line: 1, column }, text);
  }
});

Deno.test("a tunnel's own settings replace defaults, a flag that is off too, in the order of the table", () => {
  const defaults = read("carriers = 2\ntls = true\nmax = 5\n");
  const of = (text: string) => inForce(OPTIONS, read(text), defaults).flatMap(argumentsOf);
  assertEquals(of(""), ["--tls", "--carriers=2", "--max=5"]);
  assertEquals(of('max = 7\ntls = false\nout = "a:1"'), ["--out=a:1", "--carriers=2", "--max=7"]);
  assertEquals(inForce([MAX], [], defaults).flatMap(argumentsOf), ["--max=5"], "only what the role takes");
});
