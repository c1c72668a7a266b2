import { assertEquals } from "@std/assert";
import { StatusDisplay } from "../../../../lib/tunnel/log/status_display.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { IDLE_LINK } from "../../../support/link_status.ts";
import { Screen } from "../../../support/screen.ts";

Deno.test("the status line is written when it changes and not in the background, and is erased at the end", async () => {
  const clock = new FakeClock();
  const screen = new Screen();
  let status = IDLE_LINK;
  let isForeground = true;
  const display = new StatusDisplay({
    clock,
    terminal: screen.terminal,
    status: () => status,
    isForeground: () => isForeground,
  });
  assertEquals(await screen.take(), "");
  await clock.advance(1_000);
  assertEquals(await screen.take(), "\r\x1b[Klink up | no streams | down 0 B/s, up 0 B/s");
  await clock.advance(60_000);
  assertEquals(await screen.take(), "", "an idle link costs nothing");
  status = { ...IDLE_LINK, streams: 1 };
  isForeground = false;
  await clock.advance(3_000);
  assertEquals(await screen.take(), "", "in the background somebody types there");
  isForeground = true;
  await clock.advance(1_000);
  assertEquals(await screen.take(), "\r\x1b[Klink up | 1 stream | down 0 B/s, up 0 B/s");
  await display.stop();
  assertEquals(await screen.take(), "\r\x1b[K");
  status = IDLE_LINK;
  await clock.advance(10_000);
  assertEquals(await screen.take(), "");
});
