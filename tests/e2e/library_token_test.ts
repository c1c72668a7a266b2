/** The library takes a token at both ends; a wrong one is refused a second late, in real time. */
import { assertEquals, assertRejects } from "@std/assert";
import { duplexPair } from "../../lib/net/pipe.ts";
import { streamsFromDuplex } from "../../lib/net/web.ts";
import { connectSession, serveSessions } from "../../lib/mux/web_link.ts";
import { settle } from "../support/fake_clock.ts";
import { OTHER, TOKEN } from "../support/tokens.ts";

Deno.test("the library takes a token at both ends", async () => {
  for (const [token, isRight] of [[TOKEN, true], [OTHER, false]] as const) {
    let served = 0;
    const server = serveSessions({
      token: TOKEN,
      onStream: ({ readable, writable }) => (served++, readable.pipeTo(writable)),
    });
    const dial = () => {
      const [near, far] = duplexPair();
      server.accept(streamsFromDuplex(far));
      return Promise.resolve(streamsFromDuplex(near));
    };
    const client = connectSession({ token, dial });
    const { readable, writable } = client.open();
    const [writer, reader] = [writable.getWriter(), readable.getReader()];
    const written = writer.write(new Uint8Array([1, 2, 3]));
    if (isRight) {
      assertEquals((await reader.read()).value, new Uint8Array([1, 2, 3]));
      await writer.close();
      assertEquals((await reader.read()).done, true);
    } else {
      await assertRejects(() => reader.read(), Error, "the token is not the tele server's");
    }
    await written.catch(() => {});
    assertEquals(served, isRight ? 1 : 0);
    await client.close();
    await server.close();
    // The next attempt may have been computing its proof.
    await settle();
  }
});
