import { assertEquals } from "@std/assert";
import { factsOfProc, factsOfPs } from "../../../../lib/tunnel/drain/process_facts.ts";

/** The text of `stat` as Linux writes it, of a process with these fields. */
function statOf({ name = "tele", state = "S", blocked = "0", caught = "0" }): string {
  return `4711 (${name}) ${state} 1 4711 4711 0 -1 4194560 19209 1015778 0 182 60 7 0 0 20 0 12 0 5309 1 2 ` +
    `18446744073709551615 1 1 0 0 0 0 ${blocked} 4096 ${caught} 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n`;
}

Deno.test("Linux tells when a process began, its words, and whether it has ended", () => {
  assertEquals(factsOfProc(statOf({}), "tele\0--in=a b\0\0"), {
    isOver: false,
    began: "5309",
    hearsQuit: false,
    words: ["tele", "--in=a b", ""],
  });
  assertEquals([..."SRDTZX"].map((state) => factsOfProc(statOf({ state }), "")?.isOver), [
    false,
    false,
    false,
    false,
    true,
    true,
  ]);
});

Deno.test("the name of a process may look like the fields behind it", () => {
  assertEquals(factsOfProc(statOf({ name: "x) Z 1 2 (y" }), "")?.began, "5309");
  assertEquals(factsOfProc(statOf({ name: "x) Z 1 2 (y" }), "")?.isOver, false);
});

Deno.test("a process listens to SIGQUIT by a handler, or by waiting for signals that it blocks", () => {
  const hears = (fields: Parameters<typeof statOf>[0]) => factsOfProc(statOf(fields), "")?.hearsQuit;
  assertEquals(hears({ caught: "4" }), true);
  assertEquals(hears({ blocked: String(2 ** 31 - 1) }), true);
  // SIGINT and SIGILL beside it.
  assertEquals(hears({ caught: "10" }), false);
});

Deno.test("what is no text of proc(5) or ps(1) tells nothing", () => {
  for (const text of ["", "4711 (tele) S 1 2", "cat: no such file"]) assertEquals(factsOfProc(text, ""), undefined);
  for (const text of ["", "\n", "S tele --server"]) assertEquals(factsOfPs(text), undefined);
});

Deno.test("ps(1) tells when a process began, its words, and whether it has ended", () => {
  const began = "Sat Nov  7 09:20:36 2026";
  const alive = { isOver: false, began, hearsQuit: undefined, words: ["/opt/tele", "--server", "--in=:22"] };
  // As in Linux, and as in macOS, which pads otherwise.
  assertEquals(factsOfPs(`Ssl  ${began} /opt/tele --server --in=:22\n`), alive);
  assertEquals(factsOfPs(`S    ${began}     /opt/tele --server --in=:22\n`), alive);
  assertEquals(factsOfPs(`Z+   ${began}\n`), { isOver: true, began, hearsQuit: undefined, words: [] });
});
