/**
 * The manifests: their command lines are a tunnel, and they are as Kubernetes' API has them. The compiler checks its
 * types, and also finds fields that are in none. Kubernetes itself lets those pass, and a misspelt
 * `readOnlyRootFilesytem` protects nothing.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseAll } from "@std/yaml";
import { fileURLToPath } from "node:url";
import { FleetPods } from "../support/fleet_pods.ts";
import { scenario } from "../support/scenario.ts";
import { readText, ROOT } from "../support/source_tree.ts";
import { makeToken } from "../../lib/tunnel/files/token_file.ts";
import { Switch } from "../support/switch.ts";
import { connectTo, echo, roundTrip, UserServer } from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

/** The types, and where the package has each. */
const TYPES: Record<string, string> = {
  Deployment: "apps/v1",
  Service: "core/v1",
  StatefulSet: "apps/v1",
  PodDisruptionBudget: "policy/v1",
};

const SERVER = readText("scripts/container/kubernetes/server.yaml");
const SIDECAR = readText("scripts/container/kubernetes/sidecar.yaml");
const FLEET = readText("scripts/container/kubernetes/fleet.yaml");

/** Mistakes, by what the compiler says of them. */
const MISTAKES: Record<string, [right: string, wrong: string]> = {
  "does not exist in type 'SecurityContext'": [
    "readOnlyRootFilesystem",
    "readOnlyRootFilesytem",
  ],
  "Type 'string' is not assignable to type 'number'": ["replicas: 1", "replicas: one"],
  "Property 'name' is missing": ["- name: tele\n          image", "- image"],
  "is not assignable to type '\"apps/v1\"'": ["apiVersion: apps/v1", "apiVersion: apps/v2"],
};

/** A module whose types are right where the manifest is. */
function moduleOf(manifest: string): string {
  const documents = [parseAll(manifest)].flat() as { kind: string }[];
  return documents.map((document, index) => {
    const { kind } = document;
    assert(kind in TYPES, `${kind}: say here where the package has its type`);
    return `import type { ${kind} as Kind${index} } from "kubernetes-types/${TYPES[kind]}.d.ts";\n` +
      `export const document${index}: Kind${index} = ${JSON.stringify(document)};\n`;
  }).join("");
}

/** Compiles modules, in one run. Returns what the compiler says of each; nothing of those that are right. */
async function check(modules: Record<string, string>): Promise<Record<string, string>> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(modules)) await Deno.writeTextFile(`${folder}/${name}.ts`, text);
    const { stderr, success } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--config", fileURLToPath(new URL("deno.json", ROOT)), "--no-lock", folder],
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const errors = new TextDecoder().decode(stderr).split(/^(?=TS\d+ \[ERROR\])/m).filter((part) =>
      part.startsWith("TS")
    );
    const told = Object.keys(modules).map((name): [string, string] => [
      name,
      errors.filter((error) => error.includes(`/${name}.ts:`)).join(""),
    ]);
    assertEquals(success, errors.length === 0, new TextDecoder().decode(stderr));
    return Object.fromEntries(told.filter(([, text]) => text !== ""));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the manifests have the types of Kubernetes, and no field that it does not know", async () => {
  assertEquals(await check({ server: moduleOf(SERVER), sidecar: moduleOf(SIDECAR), fleet: moduleOf(FLEET) }), {});
});

Deno.test("the check of manifests finds wrong types, what is missing, and fields that Kubernetes does not know", async () => {
  const wrong = Object.values(MISTAKES).map(([right, wrong], index): [string, string] => {
    assertStringIncludes(SERVER, right);
    return [`mistake${index}`, moduleOf(SERVER.replace(right, wrong))];
  });
  const told = await check(Object.fromEntries(wrong));
  for (const [index, says] of Object.keys(MISTAKES).entries()) {
    assertStringIncludes(told[`mistake${index}`] ?? "nothing", says);
  }
});

/** The words that a manifest gives to `tele`, without its role, at addresses of this machine. */
function wordsOf(manifest: string, addresses: Record<string, string>): string[] {
  const words = JSON.parse(/^ +args: (\[.*\])$/m.exec(manifest)?.[1] ?? "[]") as string[];
  return words.slice(1).map((word) => {
    const [name = "", value = ""] = word.split("=");
    return `${name}=${addresses[value] ?? value}`;
  });
}

Deno.test(
  "the manifests' command lines are a tunnel with the token of the Secret, and the server's probes get their page",
  scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    // As `kubectl create secret generic tele --from-file=token` has it: with the file's last line end.
    const env = { TELE_TOKEN: `${makeToken()}\n` };
    const database = { "postgres:5432": `127.0.0.1:${user.port}`, ":40300": "127.0.0.1:0" };
    const server = await s.start("server", wordsOf(SERVER, database), { env });
    const reached = { "127.0.0.1:5432": "127.0.0.1:0", "tele.example.com:40300": `127.0.0.1:${server.port}` };
    const client = await s.start("client", wordsOf(SIDECAR, reached), { env });
    await roundTrip(s.use(await connectTo(client.port)), "a query");

    const paths = [...SERVER.matchAll(/httpGet: \{ path: (\S+), port: tele \}/g)].map(([, path]) => path);
    assertEquals(paths.length, 3);
    for (const path of paths) {
      const answer = await fetch(`http://127.0.0.1:${server.port}${path}`);
      assertEquals(answer.status, 200);
      assertStringIncludes(await answer.text(), "This is a tele server");
    }
    assertEquals(server.log.filter((line) => / (warn|error) /.test(line)), [], "probes are nothing to tell");
  }),
);

Deno.test({
  name:
    "a pod of the fleet that is to end is ready no more, keeps its connections by way of the others, and ends with them",
  ignore: Deno.build.os === "windows",
  fn: scenario(120_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const fleet = await FleetPods.start(s, user.port);
    const service = s.use(await Switch.start({ to: fleet.ports }));
    service.only = 0;
    const client = await s.client(service.port, 0, { env: { TELE_TOKEN: fleet.token } });
    const old = s.use(await connectTo(client.port));
    await roundTrip(old, "before");
    const pod = fleet.pods[0]!;
    assertEquals([await fleet.probe("readiness", pod), await fleet.probe("liveness", pod)], [200, 200]);

    const hook = await fleet.preStop(pod);
    await until(() => hook.said.includes("connections left: 1"), 30_000, `the hook, which says: ${hook.said}`);
    assertEquals([await fleet.probe("readiness", pod), await fleet.probe("liveness", pod)], [503, 200]);
    // As the Service does with one that is not ready.
    service.only = 1;
    service.cut();
    await within(roundTrip(old, "by way of another server"), 20_000, "an echo behind the cut");
    using next = await connectTo(client.port);
    await within(roundTrip(next, "of the next session"), 20_000, "an echo in another session");
    assertEquals(user.accepted, 2, "nobody was connected anew");
    await fleet.pods[1]!.process.logged(/ passed on to /, 1_000);

    old.close();
    assertEquals(await hook.end(), 0, hook.said);
    assertEquals((await within(pod.process.ended, 10_000, "the end of the pod")).code, 0);
    await fleet.replace(pod);
    assertEquals(await fleet.probe("readiness", fleet.pods[0]!), 200);
    service.only = 0;
    service.cut();
    await within(roundTrip(next, "by way of the new pod"), 20_000, "an echo behind another cut");
    const warnings = fleet.pods.flatMap(({ process }) => process.log.filter((line) => / (warn|error) /.test(line)));
    assertEquals(warnings.filter((line) => !line.includes(" lost its link: ")), []);
  }),
});
