import { assertEquals } from "@std/assert";
import { proxyCommand, selfWords, thisProgram } from "../../../../lib/tunnel/ssh/self_command.ts";

const FROM_SOURCE = { isCompiled: false, path: "/bin/deno", module: "file:///home/a%20b/main.ts" };

Deno.test("a compiled program starts itself, and one from source by Deno", () => {
  assertEquals(selfWords({ ...FROM_SOURCE, isCompiled: true, path: "/bin/tele" }), ["/bin/tele"]);
  assertEquals(selfWords(FROM_SOURCE), ["/bin/deno", "run", "--quiet", "--unstable-net", "-A", "/home/a b/main.ts"]);
  const remote = { ...FROM_SOURCE, module: "https://example.com/main.ts" };
  assertEquals(selfWords(remote).at(-1), "https://example.com/main.ts");
});

Deno.test("ssh and its shell leave a ProxyCommand as it is", () => {
  const program = { ...FROM_SOURCE, module: "file:///a%25h.ts" };
  assertEquals(
    proxyCommand(program, ["ssh", "--carry"]),
    "/bin/deno run --quiet --unstable-net -A '/a%%h.ts' ssh --carry",
  );
});

Deno.test("the program that runs is known", () => {
  const { isCompiled, path, module } = thisProgram();
  assertEquals([isCompiled, path, module], [false, Deno.execPath(), Deno.mainModule]);
});
