/**
 * What `tele top` tells about the whole process.
 *
 * @module
 */
import { formatDuration } from "../values/duration.ts";
import { formatSize } from "../values/size.ts";
import type { Rate, Rates } from "./rates.ts";
import type { Report } from "./report.ts";
import type { Part, Style, StyledLine } from "./styled_line.ts";

/** The states of a process that are as they should be. */
const GOOD_STATES: readonly string[] = ["serving"];

/** A rate as its two directions are told everywhere: as the process sees them. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatSize(bytesPerSecond)}/s`;
}

/** A count, and what is counted. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** How many sessions of a report have no carrier. Those in outages come first, so that none is left out. */
export function outagesIn({ sessions }: Report): number {
  return sessions.filter(({ isInOutage }) => isInOutage).length;
}

/** How old something is that began at `sinceMs`, by the clock of the machine that tells it. */
export function ageOf(sinceMs: number, { nowMs }: Report): string {
  return formatDuration(Math.max(0, Math.floor((nowMs - sinceMs) / 1000) * 1000));
}

/**
 * The first lines of the screen.
 *
 * @param address Where the process tells about itself.
 * @param lost Why it does not any more, if so; then what follows is old.
 */
export function processLines(report: Report, rates: Rates, address: string, lost: string | undefined): StyledLine[] {
  const { role, version, state, sessions, sessionsOmitted, streamsOpen, memoryUsedBytes, memoryLimitBytes } = report;
  const outages = outagesIn(report);
  const memory = `memory ${formatSize(memoryUsedBytes)} of ${formatSize(memoryLimitBytes)}`;
  const now: Part = lost !== undefined
    ? { text: `LOST: ${lost}`, style: "bad" }
    : { text: state, style: GOOD_STATES.includes(state) ? "good" : "bad" };
  const parts: [string, Style][] = [
    ...tunnelParts(report),
    [counted(sessions.length + sessionsOmitted, "session"), "plain"],
    ...outages === 0 ? [] : [[`${outages} in an outage`, "bad"] as [string, Style]],
    [counted(streamsOpen, "stream"), "plain"],
    [ratesText(rates.ofProcess()), "plain"],
    [memory, "plain"],
  ];
  return [
    [
      { text: `tele ${role === "both" ? "client and server" : role} ${version}`, style: "title" },
      { text: ": ", style: "plain" },
      now,
      { text: lost === undefined ? `, up ${ageOf(report.startedAtMs, report)}, at ${address}` : "", style: "plain" },
    ],
    parts.flatMap(([text, style], at): Part[] => [{ text: at === 0 ? "" : " | ", style: "dim" }, { text, style }]),
  ];
}

/** Which of several tunnels is not as it should be. */
function tunnelParts({ tunnels }: Report): [string, Style][] {
  if (tunnels.length < 2) return [];
  const bad = tunnels.filter(({ state }) => !GOOD_STATES.includes(state));
  return [
    [counted(tunnels.length, "tunnel"), "plain"],
    ...bad.map(({ name = "one", state }): [string, Style] => [`${name} ${state}`, "bad"]),
  ];
}

/** Both directions, as the process sees them. */
export function ratesText({ sent, received }: Rate): string {
  return `sends ${formatRate(sent)}, receives ${formatRate(received)}`;
}
