/**
 * What can be asked for at the status address.
 *
 * @module
 */
import type { Answer } from "./answer.ts";
import { drawPage } from "./page/page.ts";
import { EXPOSITION_TYPE } from "./exposition.ts";
import type { ToldStatus } from "./status_source.ts";
import { healthProblem, type HealthQuestion } from "./tunnel_state.ts";

/** Makes the answer of a path. */
export type Resource = (status: ToldStatus) => Answer;

/** Where events are, which go on: see `event_readers.ts`. */
export const EVENTS_PATH = "/api/events";

const TEXT = "text/plain; charset=utf-8";

/** Answers, by the path that asks for them. */
const RESOURCES: Readonly<Record<string, Resource>> = {
  "/": page,
  "/healthz": (status) => health(status, "healthy"),
  "/readyz": (status) => health(status, "ready"),
  "/metrics": (status) => ({ status: 200, type: EXPOSITION_TYPE, body: status.metrics() }),
  "/api/sessions": (status) => ({ status: 200, type: "application/json", body: JSON.stringify(status.report()) }),
};

/** Those that are the more work the more sessions and streams there are. */
const COSTLY: readonly string[] = ["/", "/metrics", "/api/sessions"];

/** Whether whoever asks for `path` often could take much of the process. */
export function isCostly(path: string): boolean {
  return COSTLY.includes(path);
}

/** The answer to a request for `path`. */
export function answerTo(path: string, status: ToldStatus): Answer {
  if (Object.hasOwn(RESOURCES, path)) return RESOURCES[path]!(status);
  const paths = [...Object.keys(RESOURCES), EVENTS_PATH].join(", ");
  return { status: 404, type: TEXT, body: `there is nothing here; there is something at ${paths}\n` };
}

function page(status: ToldStatus): Answer {
  const { html, contentSecurityPolicy } = drawPage(status.report());
  const fields = [`Content-Security-Policy: ${contentSecurityPolicy}`];
  return { status: 200, type: "text/html; charset=utf-8", body: html, fields };
}

function health(status: ToldStatus, question: HealthQuestion): Answer {
  const problem = healthProblem(status.tunnels, question);
  if (problem === undefined) return { status: 200, type: TEXT, body: "ok\n" };
  return { status: 503, type: TEXT, body: `${problem}\n` };
}
