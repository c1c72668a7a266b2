import { assertEquals } from "@std/assert";
import { followSuspension, isStopped } from "../../../../lib/tunnel/ssh/suspension.ts";

Deno.test("a process is stopped by what proc(5) says, whatever its name", () => {
  const texts = ["1 (ssh) T 2", "1 (ssh) S 2", "1 (T) R 2", "1 (a (b) T) Z 2", "1 (a (b)) T 2", "1 (x) t 2", ""];
  assertEquals(texts.map(isStopped), [true, false, false, false, true, false, false]);
});

Deno.test("this process is suspended with its child, each time, and not when that has ended", () => {
  let tell = () => {};
  let state: string | undefined = "S";
  let suspended = 0;
  const end = followSuspension(7, {
    onChild(action) {
      tell = action;
      return () => void (tell = () => {});
    },
    stat(pid) {
      if (state === undefined) throw new Deno.errors.NotFound();
      return `${pid} (ssh) ${state} 1`;
    },
    suspend: () => void suspended++,
  });
  const counts = ["S", "T", "S", "T", undefined].map((next) => {
    state = next;
    tell();
    return suspended;
  });
  assertEquals(counts, [0, 1, 1, 2, 2]);
  end();
  state = "T";
  tell();
  assertEquals(suspended, 2);
});
