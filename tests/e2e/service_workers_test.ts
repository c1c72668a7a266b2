/** Under a real systemd a server with workers is reloaded, and nobody's connection ends. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { recipesOf } from "../support/recipe_parts.ts";
import { makeTestToken } from "../support/key_files.ts";
import { scenario } from "../support/scenario.ts";
import { program, requires } from "../support/skip.ts";
import { denoDir, teleWords } from "../support/tele_program.ts";
import { connectTo, echo, freePort, roundTrip, UserServer } from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

/** In namespaces of its own, but for the network: a systemd as a user has it, which does what it reads. */
const SYSTEMD = `
set -e
mount -t tmpfs none /run
mkdir -p /run/user/0 /run/systemd/system /run/systemd/inaccessible/dir
(cd /run/systemd/inaccessible; touch reg sock; mkfifo fifo; mknod chr c 0 0; mknod blk b 0 0; chmod 0 *)
export XDG_RUNTIME_DIR=/run/user/0 HOME="$1" XDG_CONFIG_HOME="$1/config" SYSTEMD_UNIT_PATH="$1/units"
/lib/systemd/systemd --user >"$1/systemd.log" 2>&1 &
for attempt in $(seq 60); do systemctl --user is-system-running >/dev/null 2>&1 && break; sleep 0.5; done
while read -r verb; do
  systemctl --user "$verb" tele
  systemctl --user show tele -p ActiveState -p MainPID -p Result | sort | paste -sd" "
done
`;

Deno.test({
  name: "systemd reloads the README's unit: the main process stays, an echo goes on, and old workers end with it",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0 || requires("systemctl", "unshare").ignore,
  fn: scenario(180_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const [port, token, log] = [freePort(), `${s.home}/token`, `${s.home}/tele.log`];
    await Deno.writeTextFile(token, `${makeTestToken()}\n`, { mode: 0o600 });
    await Deno.mkdir(`${s.home}/units`);
    await Deno.mkdir(`${s.home}/.cache`);
    await Deno.symlink(await denoDir(), `${s.home}/.cache/deno`);
    const recipes = recipesOf("Many users, and upgrades");
    ["(umask 077;", "defaults", "kubectl"].forEach((text) => recipes.next(text));
    const unit = recipes.next("[Service]\n").text
      .replace("%h/.local/bin/tele", teleWords().join(" "))
      .replace("%h/token", token).replace(":5432", `127.0.0.1:${user.port}`).replace(":40300", `127.0.0.1:${port}`)
      .replace("=auto", "=2");
    // From source it looks for Deno's cache in the home folder.
    const around = `Environment=HOME=${s.home}\nStandardError=append:${log}\n`;
    await Deno.writeTextFile(`${s.home}/units/tele.service`, `${unit}\n${around}`);
    for (const name of ["basic.target", "shutdown.target", "default.target"]) {
      await Deno.writeTextFile(`${s.home}/units/${name}`, "[Unit]\nDefaultDependencies=no\n");
    }
    const namespaces = ["--mount", "--pid", "--fork", "--mount-proc", "--kill-child"];
    const child = new Deno.Command(program("unshare"), {
      args: [...namespaces, "bash", "-c", SYSTEMD, "bash", s.home],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const keyboard = child.stdin.getWriter();
    const said = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    s.defer(async () => {
      await keyboard.close().catch(() => {});
      await within(child.status, 20_000, "the end of systemd").catch(() => child.kill("SIGKILL"));
      await child.status;
      await said.cancel();
    });
    const systemctl = async (verb: string) => {
      await keyboard.write(new TextEncoder().encode(`${verb}\n`));
      return (await within(said.read(), 60_000, `systemctl ${verb}`)).value ?? "";
    };
    const logged = (pattern: RegExp, count = 1) =>
      until(
        () => Deno.readTextFileSync(log).split("\n").filter((line) => pattern.test(line)).length >= count,
        60_000,
        `${count} lines of the log that match ${pattern}`,
      );

    const before = await systemctl("start");
    assertMatch(before, /^ActiveState=active MainPID=\d+ Result=success\n$/);
    const client = await s.client(port, 0, { args: [`--token-file=${token}`] });
    const old = s.use(await connectTo(client.port));
    await within(roundTrip(old, "before"), 20_000, "an echo");
    assertEquals(await systemctl("reload"), before, "the main process stays");
    await logged(/the new workers listen/);
    await logged(/worker \d: draining: takes nothing new/, 2);
    await logged(/worker \d: ended: drained/);
    await within(roundTrip(old, "through an old worker"), 20_000, "an echo");
    const next = s.use(await connectTo(client.port));
    await within(roundTrip(next, "through a new one"), 20_000, "an echo");
    assert(!/worker \d: ended: drained.*worker \d: ended: drained/s.test(Deno.readTextFileSync(log)), "one is in use");
    old.close();
    await logged(/worker \d: ended: drained/, 2);
    await within(roundTrip(next, "goes on"), 20_000, "an echo");
    // Before the stop, which may cut a stream whose end is still on its way. Old workers listen on until they end: who is
    // dealt to one of them for a new session is sent away, and comes again.
    const warnings = Deno.readTextFileSync(log).split("\n").filter((line) => / (warn|error) /.test(line));
    assertEquals(warnings.filter((line) => !/carriers? .*ended before (it was|they were) attached/.test(line)), []);
    assertMatch(await systemctl("stop"), /^ActiveState=inactive MainPID=0 Result=success\n$/);
    await logged(/worker \d: ended by SIGTERM/, 2);
  }),
});
