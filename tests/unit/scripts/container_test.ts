/** The image and the manifests are as strict as they say, and name what is there. Kubernetes' types: `tests/e2e/manifest_test.ts`. */
import { assert, assertEquals } from "@std/assert";
import { parseAll } from "@std/yaml";
import { DockerfileParser } from "dockerfile-ast";
import { validate } from "dockerfile-utils";
import config from "../../../deno.json" with { type: "json" };
import { parseCommandLine } from "../../../lib/tunnel/command_line/command_line.ts";
import { archiveName, TARGETS } from "../../../scripts/compile/targets.ts";
import { readText } from "../../support/source_tree.ts";

const DOCKERFILE = readText("scripts/container/Dockerfile");
const SERVER = readText("scripts/container/kubernetes/server.yaml");
const SIDECAR = readText("scripts/container/kubernetes/sidecar.yaml");
const FLEET = readText("scripts/container/kubernetes/fleet.yaml");

/** What this test looks at in a container of a manifest. */
interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly securityContext?: unknown;
}

/** A Deployment, as far as this test looks at it. */
interface Deployment {
  readonly kind: string;
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly securityContext: Readonly<Record<string, unknown>>;
        readonly containers: readonly Container[];
        readonly initContainers?: readonly Container[];
      };
    };
  };
}

function documentsOf(manifest: string): unknown[] {
  return [parseAll(manifest)].flat();
}

/** The pod of the manifest's Deployment, or StatefulSet. */
function podOf(manifest: string): Deployment["spec"]["template"]["spec"] {
  const found = (documentsOf(manifest) as Deployment[]).find(({ kind }) => /^(Deployment|StatefulSet)$/.test(kind));
  assert(found !== undefined, "a Deployment, or a StatefulSet");
  return found.spec.template.spec;
}

function containersOf(manifest: string): Container[] {
  const { containers, initContainers } = podOf(manifest);
  return [...containers, ...initContainers ?? []];
}

/** The container of a manifest that runs `tele`. */
function teleOf(manifest: string): Container {
  const found = containersOf(manifest).find(({ name }) => name === "tele");
  assert(found !== undefined, "a container called tele");
  return found;
}

Deno.test("the Dockerfile is as its linter likes it, which finds a mistake", () => {
  const messages = (text: string) => validate(text).map(({ message }) => message);
  assertEquals(messages(DOCKERFILE), []);
  assertEquals(messages(DOCKERFILE.replace("STOPSIGNAL SIG", "STOPSIGNAL ")), ["Invalid signal: TERM"]);
  assertEquals(messages(DOCKERFILE.replace("USER", "USR")), ["Unknown instruction: USR"]);
});

Deno.test("the image has a stage for each Linux that tele is compiled for, with the archive of that", () => {
  const names: Record<string, string> = { x86_64: "amd64", aarch64: "arm64" };
  const linux = TARGETS.filter(({ name }) => name.includes("linux"));
  const stages = linux.map((target) => [names[target.name.split("-")[0]!], archiveName(target)]);
  assertEquals([...DOCKERFILE.matchAll(/^FROM base AS (\S+)\nADD (\S+) /gm)].map(([, ...words]) => words), stages);
});

Deno.test("nothing is run to make the image, nothing in it is root's, and no shell is between it and signals", () => {
  const said = DockerfileParser.parse(DOCKERFILE).getInstructions().map((instruction) =>
    [instruction.getKeyword(), instruction.getArgumentsContent()] as const
  );
  const of = (keyword: string) => said.filter(([name]) => name === keyword).map(([, words]) => words);
  assertEquals(of("RUN"), []);
  assertEquals(of("USER"), ["65532:65532"]);
  assertEquals(of("STOPSIGNAL"), ["SIGTERM"]);
  assertEquals(of("ENTRYPOINT"), ['["/opt/tele/tele"]']);
  assertEquals(of("FROM").at(-1), "${TARGETARCH}", "what is tried on each architecture is what is pushed");
});

Deno.test("every container runs as nobody in particular, on a root it cannot write to, with no capability", () => {
  for (const manifest of [SERVER, SIDECAR, FLEET]) {
    const { runAsNonRoot, runAsUser, runAsGroup, seccompProfile } = podOf(manifest).securityContext;
    assertEquals([runAsNonRoot, `${runAsUser}:${runAsGroup}`], [true, /^USER (.*)$/m.exec(DOCKERFILE)?.[1]]);
    assertEquals(seccompProfile, { type: "RuntimeDefault" });
    for (const { securityContext } of containersOf(manifest)) {
      assertEquals(securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
    }
  }
});

Deno.test("the manifests name the image of this version, and command lines that tele takes", () => {
  for (const manifest of [SERVER, SIDECAR, FLEET]) {
    const { image, args } = teleOf(manifest);
    assertEquals(image, `ghcr.io/example/tele:${config.version}`);
    const expanded = (args ?? []).map((word) => word.replace(/\$\(POD_NAME(SPACE)?\)/g, "tele-0"));
    const secret = "value of a Secret that was made from a file\n";
    assert(parseCommandLine(expanded, { TELE_TOKEN: secret }) !== undefined);
  }
});
