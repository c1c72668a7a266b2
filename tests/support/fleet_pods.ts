/**
 * The pods of the manifest of a fleet, as processes: their containers' command lines, expanded as Kubernetes does, with
 * addresses of this machine.
 *
 * @module
 */
import { assert } from "@std/assert";
import { parseAll } from "@std/yaml";
import { DrainCommand } from "./drain_command.ts";
import { makeTestToken } from "./key_files.ts";
import type { Scenario } from "./scenario.ts";
import { readText } from "./source_tree.ts";
import type { TeleProcess } from "./tele_process.ts";
import { freePort } from "./user_programs.ts";

/** What is read of the manifest's container. */
interface Container {
  args: string[];
  env: { name: string; valueFrom: { fieldRef?: { fieldPath: string }; secretKeyRef?: { key: string } } }[];
  lifecycle: { preStop: { exec: { command: string[] } } };
  readinessProbe: { httpGet: { path: string; port: string } };
  livenessProbe: { httpGet: { path: string; port: string } };
  ports: { name: string; containerPort: number }[];
  volumeMounts: { mountPath: string }[];
}

/** What is read of the manifest's StatefulSet. */
interface StatefulSet {
  kind: string;
  metadata: { name: string };
  spec: { replicas: number; serviceName: string; template: { spec: { containers: Container[] } } };
}

/** One pod: where it is reached, under the same name after each start. */
export interface Pod {
  name: string;
  process: TeleProcess;
  /** Ports of this machine by those of the manifest. */
  ports: Map<string, number>;
}

/** The pods of `scripts/container/kubernetes/fleet.yaml`. */
export class FleetPods {
  readonly pods: Pod[] = [];
  readonly #s: Scenario;
  readonly #to: number;
  readonly #set: StatefulSet;
  readonly #secret: Record<string, string>;

  private constructor(s: Scenario, to: number, secret: Record<string, string>) {
    const documents = [parseAll(readText("scripts/container/kubernetes/fleet.yaml"))].flat() as StatefulSet[];
    this.#set = documents.find(({ kind }) => kind === "StatefulSet")!;
    [this.#s, this.#to, this.#secret] = [s, to, secret];
  }

  /** Starts all of them, in front of the user's server on `to`. */
  static async start(s: Scenario, to: number): Promise<FleetPods> {
    // As `kubectl create secret generic tele --from-file=token --from-file=fleet-key` has it.
    const made = new FleetPods(s, to, { token: `${makeTestToken()}\n`, "fleet-key": `${makeTestToken()}\n` });
    await Deno.writeTextFile(`${s.home}/fleet-key`, made.#secret["fleet-key"]!, { mode: 0o400 });
    const { metadata: { name }, spec: { replicas } } = made.#set;
    const names = Array.from({ length: replicas }, (_, at) => `${name}-${at}`);
    made.pods.push(...await Promise.all(names.map((name) => made.#begin(name, new Map()))));
    return made;
  }

  /** The token of their clients. */
  get token(): string {
    return this.#secret.token!;
  }

  /** Where clients reach each. */
  get ports(): number[] {
    return this.pods.map(({ process }) => process.port);
  }

  /** What a probe of the kubelet's is answered. */
  async probe(kind: "readiness" | "liveness", { process }: Pod): Promise<number> {
    const { httpGet } = this.#container[`${kind}Probe`];
    assert(httpGet.port === "tele", "the port that clients connect to");
    const answer = await fetch(`http://127.0.0.1:${process.port}${httpGet.path}`);
    await answer.body?.cancel();
    return answer.status;
  }

  /** Runs the hook of a pod that is to end. Here, unlike in a container, the process is not the first. */
  preStop(pod: Pod): Promise<DrainCommand> {
    const [program, word, ...options] = this.#container.lifecycle.preStop.exec.command;
    assert(program === "/opt/tele/tele" && word === "drain");
    const args = options.map((option) => this.#here(option, pod.ports));
    return DrainCommand.start(this.#s, [...args, `--pid=${pod.process.pid}`]);
  }

  /** Starts another pod of the name of one that has ended. */
  async replace(pod: Pod): Promise<void> {
    this.pods[this.pods.indexOf(pod)] = await this.#begin(pod.name, pod.ports);
  }

  get #container(): Container {
    return this.#set.spec.template.spec.containers[0]!;
  }

  async #begin(name: string, ports: Map<string, number>): Promise<Pod> {
    const fields: Record<string, string> = { "metadata.name": name, "metadata.namespace": "default" };
    const variables = Object.fromEntries(
      this.#container.env.map(({ name, valueFrom: { fieldRef, secretKeyRef } }) => [
        name,
        (fieldRef === undefined ? this.#secret[secretKeyRef!.key] : fields[fieldRef.fieldPath])!,
      ]),
    );
    const expand = (word: string) =>
      word.replace(/\$\((\w+)\)/g, (_, variable: string) => {
        assert(variables[variable] !== undefined, `$(${variable}) is no variable of the container`);
        return variables[variable];
      });
    const words = this.#container.args.map((word) => this.#here(expand(word), ports));
    assert(words[0] === "--server");
    const process = await this.#s.start("server", [...words.slice(1), "--log-level=debug"], { env: variables });
    return { name, process, ports };
  }

  /** A word with addresses, ports and paths of this machine. */
  #here(word: string, ports: Map<string, number>): string {
    const name = `${this.#set.metadata.name}-\\d+\\.${this.#set.spec.serviceName}\\.default\\.svc\\.cluster\\.local`;
    return word.replace("=postgres:5432", `=127.0.0.1:${this.#to}`)
      .replace(`${this.#container.volumeMounts[0]!.mountPath}/`, `${this.#s.home}/`)
      .replace(new RegExp(`=(?:${name})?:(\\d+)$`), (_, printed: string) => {
        const port = ports.get(printed) ?? freePort();
        ports.set(printed, port);
        return `=127.0.0.1:${port}`;
      });
  }
}
