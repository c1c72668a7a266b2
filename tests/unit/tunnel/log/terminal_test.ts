import { assert, assertEquals } from "@std/assert";
import { isDumb, rewrapsLines, terminalSize } from "../../../../lib/tunnel/log/terminal.ts";

Deno.test("which terminals wrap their lines anew", () => {
  const cases: [boolean, Record<string, string>][] = [
    [true, { TERM: "xterm-256color" }],
    [true, { TERM: "screen-256color", TMUX: "/tmp/tmux-0/default,1,0" }],
    [true, {}],
    [false, { TERM: "xterm-256color", XTERM_VERSION: "XTerm(379)" }],
    [false, { TERM: "screen" }],
    [false, { TERM: "linux" }],
  ];
  for (const [rewraps, env] of cases) assertEquals(rewrapsLines(env), rewraps, JSON.stringify(env));
});

Deno.test("a terminal that knows no escape codes says so in TERM", () => {
  const before = Deno.env.get("TERM");
  try {
    Deno.env.set("TERM", "dumb");
    assert(isDumb());
    for (const other of ["dumber", "xterm", ""]) {
      Deno.env.set("TERM", other);
      assert(!isDumb(), other);
    }
  } finally {
    if (before === undefined) Deno.env.delete("TERM");
    else Deno.env.set("TERM", before);
  }
});

Deno.test({
  name: "without a terminal there are eighty columns",
  ignore: Deno.stderr.isTerminal() || Deno.stdout.isTerminal() || Deno.stdin.isTerminal(),
  fn: () => assertEquals(terminalSize(), { columns: 80, rows: 24 }),
});
