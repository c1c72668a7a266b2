/**
 * A link as the status line is told of it.
 *
 * @module
 */
import type { LinkStatus } from "../../lib/tunnel/log/status_line.ts";

/** A session with one carrier that has nothing to do. */
export const IDLE_LINK: LinkStatus = {
  carriers: 1,
  paths: 1,
  upPaths: 1,
  outageMs: 0,
  wasUp: true,
  streams: 0,
  sentBytes: 0,
  receivedBytes: 0,
  replayedBytes: 0,
};
