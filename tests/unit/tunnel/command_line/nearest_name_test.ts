import { assertEquals } from "@std/assert";
import { nearestName, theNearest } from "../../../../lib/tunnel/command_line/nearest_name.ts";

const NAMES = ["help", "in", "out", "server", "completion", "replay-buffer", "max"];

Deno.test("the nearest name is one that begins so, else the one with the fewest letters changed", () => {
  const typed = ["repl", "--otu", "MAX", "sever", "no-server", "h"];
  assertEquals(typed.map((word) => nearestName(word, NAMES)), [
    "replay-buffer",
    "out",
    "max",
    "server",
    "server",
    "help",
  ]);
});

Deno.test("signs in front of a name and a value behind it are no letters of it", () => {
  assertEquals(["in=:22", "--in:22", "\u2013in=:22", "-out"].map((word) => nearestName(word, NAMES)), [
    "in",
    "in",
    "in",
    "out",
  ]);
});

Deno.test("what is like no name has no nearest one", () => {
  const typed = ["", "-", "22", "extra", "example.com", "example.com:40300", "/etc/tele.toml", "\u00e9"];
  assertEquals(typed.map((word) => nearestName(word, NAMES)), typed.map(() => undefined));
});

Deno.test("a sentence names the nearest as one would type it, or says nothing of it", () => {
  assertEquals(theNearest("otu", NAMES, "--"), "; the nearest is --out");
  assertEquals(theNearest("otu", NAMES, ""), "; the nearest is out");
  assertEquals(theNearest("example.com", NAMES, "--"), "");
});
