/** Standard output, where the runtime's own cannot wait for a reader. */
import { assertStrictEquals } from "@std/assert";
import { standardOutput } from "../../../lib/net/standard_output.ts";

/** What the kernel says of descriptor 1, while a test runs. */
function kernelSays(read: (path: string | URL) => string): Disposable {
  const { readTextFileSync } = Deno;
  Object.assign(Deno, { readTextFileSync: read });
  return { [Symbol.dispose]: () => void Object.assign(Deno, { readTextFileSync }) };
}

Deno.test("output that waits by itself is the runtime's own", () => {
  const paths: (string | URL)[] = [];
  using _ = kernelSays((path) => {
    paths.push(path);
    return "pos:\t0\nflags:\t0100001\nmnt_id:\t15\n";
  });
  assertStrictEquals(standardOutput(), Deno.stdout);
  assertStrictEquals(paths[0], "/proc/self/fdinfo/1");
});

Deno.test("where nothing tells whether it waits, it is the runtime's own", () => {
  for (
    const answer of [() => "", () => "pos: 0", () => {
      throw new Deno.errors.NotFound();
    }]
  ) {
    using _ = kernelSays(answer);
    assertStrictEquals(standardOutput(), Deno.stdout);
  }
});
