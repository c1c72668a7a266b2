/**
 * The files of `scripts/observe`, and the queries in them.
 *
 * @module
 */
import { parse } from "@std/yaml";
import { readText } from "./source_tree.ts";

/** Where they are. */
export const OBSERVE = "scripts/observe";

/** A panel of the dashboard; a row has no targets. */
export interface DashboardPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

/** The parts of the dashboard that are looked at. */
export interface Dashboard {
  readonly panels: readonly DashboardPanel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string | { query: string } }[];
  };
  readonly annotations: { readonly list: readonly { readonly target: { readonly expr: string } }[] };
}

/** An alert. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

/** The dashboard, as Grafana imports it. */
export function readDashboard(): Dashboard {
  return JSON.parse(readText(`${OBSERVE}/tele.dashboard.json`));
}

/** The alerts, in their order. */
export function readRules(): AlertRule[] {
  const { groups } = parse(readText(`${OBSERVE}/tele.rules.yml`)) as { groups: { rules: AlertRule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** The queries of the dashboard, with the values of its variables in their places. */
export function dashboardQueries({ panels, annotations }: Dashboard): string[] {
  const queries = [
    ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...annotations.list.map(({ target }) => target.expr),
  ];
  return queries.map((query) => query.replaceAll("$__rate_interval", "5m").replaceAll(/"\$\w+"/g, '".*"'));
}

/** What the variables of the dashboard read: `label_values(METRIC{…}, LABEL)`. */
export function variableQueries({ templating }: Dashboard): { query: string; label: string }[] {
  return templating.list.flatMap(({ query }) => {
    if (typeof query === "string") return [];
    const [, metric, label] = /^label_values\((.+), (\w+)\)$/s.exec(query.query) ?? [];
    if (metric === undefined) throw new Error(`a variable of the dashboard is no list of labels: ${query.query}`);
    return [{ query: metric.replaceAll(/"\$\w+"/g, '".*"'), label: label! }];
  });
}
