/** A connection that moves from a handle of node:net to a Deno connection. */
import { assertEquals, assertRejects } from "@std/assert";

/** Makes `Deno.listen` fail `times` times from now on. */
function failListening(error: Error, times: number): Disposable {
  const { listen } = Deno;
  let left = times;
  const failing = (options: Deno.TcpListenOptions) => {
    if (left-- > 0) throw error;
    return listen(options);
  };
  Object.assign(Deno, { listen: failing });
  return { [Symbol.dispose]: () => void Object.assign(Deno, { listen }) };
}

Deno.test("what could not be moved for want of a descriptor waits, and no failure is kept for the next", async () => {
  // A module of its own, which has not moved anything yet.
  const { moverOfConnections }: typeof import("../../../lib/net/moved_connection.ts") = await import(
    `../../../lib/net/moved_connection.ts?fresh=${crypto.randomUUID()}`
  );
  {
    using _ = failListening(new Deno.errors.PermissionDenied("not allowed"), 1);
    await assertRejects(moverOfConnections, Error, "not allowed");
  }
  {
    using _ = failListening(Object.assign(new Error("Too many open files (os error 24)"), { code: "EMFILE" }), 2);
    assertEquals(typeof await moverOfConnections(), "function");
  }
});
