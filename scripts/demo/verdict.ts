/**
 * What one run showed, and whether it is what it should be.
 *
 * @module
 */
import { formatMs } from "./duration.ts";
import type { Outage } from "./outages.ts";
import type { TornPathResult } from "./torn_path.ts";
import type { EchoResult, TransferResult } from "./user.ts";

/** What happened to the user's programs. */
export interface Outcome {
  readonly download: TransferResult;
  readonly upload: TransferResult;
  readonly echo: EchoResult;
  readonly outages: readonly Outage[];
  /** Those of one path alone, how they went. */
  readonly tornPaths: readonly TornPathResult[];
  readonly tookMs: number;
}

/** Bytes that tele sent again after outages. */
export interface Replayed {
  /** By the tele client. */
  readonly upBytes: number;
  /** By the tele server. */
  readonly downBytes: number;
}

/**
 * The echo pauses for less than this when one of two paths is torn alone, in milliseconds: with one path it would wait
 * until the silence is noticed, which takes at least as long.
 */
const MOST_PAUSE_MS = 3_000;

/** What was asked for. */
export interface Expected {
  readonly sizeBytes: number;
  readonly outages: number;
}

/** All that differs from what was to be shown, in sentences; nothing if all is well. */
export function differences(expected: Expected, withTele: Outcome, without: Outcome): string[] {
  return [
    ...transferDifferences("download", expected.sizeBytes, withTele.download),
    ...transferDifferences("upload", expected.sizeBytes, withTele.upload),
    ...echoDifferences(withTele.echo),
    ...outageDifferences(expected, withTele.outages),
    ...withTele.tornPaths.flatMap(tornPathDifferences),
    ...unexpectedSuccess("download", without.download),
    ...unexpectedSuccess("upload", without.upload),
  ];
}

function transferDifferences(name: string, sizeBytes: number, result: TransferResult): string[] {
  if (result.error !== undefined) return [`${name} with tele: ${result.error}`];
  const found: string[] = [];
  if (result.bytes !== sizeBytes) found.push(`${name} with tele: ${result.bytes} bytes came instead of ${sizeBytes}`);
  if (result.sentSha256 === undefined) found.push(`${name} with tele: the SHA-256 of what was sent is not known`);
  else if (result.sentSha256 !== result.receivedSha256) found.push(`${name} with tele: SHA-256 differs`);
  return found;
}

function echoDifferences(echo: EchoResult): string[] {
  if (echo.error !== undefined) return [`echo with tele: ${echo.error}`];
  if (echo.sent === 0) return ["echo with tele: it never got through"];
  return echo.answered === echo.sent ? [] : [`echo with tele: ${echo.answered} of ${echo.sent} were answered`];
}

function outageDifferences({ sizeBytes, outages: count }: Expected, outages: readonly Outage[]): string[] {
  const found = outages.length < count ? [`only ${outages.length} of ${count} outages happened`] : [];
  // An outage that met a finished transfer has shown nothing.
  const late = outages.filter(({ downBytes, upBytes }) => downBytes >= sizeBytes || upBytes >= sizeBytes).length;
  if (late > 0) found.push(`${late} of ${count} outages came when a transfer was over`);
  return found;
}

function tornPathDifferences({ path, pauseMs }: TornPathResult): string[] {
  if (pauseMs < MOST_PAUSE_MS) return [];
  return [`path ${path} was torn alone, and the echo waited ${formatMs(pauseMs)}: the other path did not carry on`];
}

function unexpectedSuccess(name: string, result: TransferResult): string[] {
  return result.error === undefined ? [`${name} without tele: it survived, so the outages prove nothing`] : [];
}
