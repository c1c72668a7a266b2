/** The main job: an OpenSSH session and a file copy that outlive the network. */
import { assert, assertEquals } from "@std/assert";
import { SeededData, sha256 } from "../support/random.ts";
import { scenario } from "../support/scenario.ts";
import { program, requires } from "../support/skip.ts";
import { openShell, startSshd } from "../support/sshd.ts";
import { pause, within } from "../support/wait.ts";

Deno.test({
  name: "an OpenSSH login keeps its shell and a shell variable through an outage of 30 s",
  ...requires("sshd", "ssh", "ssh-keygen", "id"),
  fn: scenario(300_000, async (s) => {
    const sshd = await startSshd(s);
    const { breaker, port } = await s.tunnel(sshd.port);
    const shell = openShell(s, sshd, "-p", String(port));

    await shell.type("stty -echo; unset HISTFILE; PS1=; KEPT=kept-$((20 + 22)); echo shell is $KEPT\n");
    await shell.sees("shell is kept-42", 60_000);
    const pid = await shell.ask("echo pid=$$=", /pid=(\d+)=/);

    // The old carrier never comes back, and no new one gets through: plain TCP would not survive this.
    breaker.blackHole(true);
    breaker.strand();
    await pause(1_000);
    await shell.type("DURING=typed-into-the-$((1 + 1))nd-outage\n");
    await pause(29_000);
    assert(!shell.hasEnded, "ssh is still there after 30 s");
    breaker.blackHole(false);

    assertEquals(await shell.ask("echo after=$KEPT,$DURING=", /after=(.*?)=/), "kept-42,typed-into-the-2nd-outage");
    assertEquals(await shell.ask("echo pid=$$=", /pid=(\d+)=/), pid);
    await shell.type("exit 7\n");
    assertEquals((await within(shell.status, 30_000, "the end of ssh")).code, 7);
  }),
});

Deno.test({
  name: "scp of 40 MiB through 5 resets has the right checksum, up and down",
  ...requires("sshd", "ssh", "scp", "ssh-keygen", "id"),
  fn: scenario(300_000, async (s) => {
    const bytes = 40 << 20;
    const sshd = await startSshd(s);
    const { breaker, port } = await s.tunnel(sshd.port);
    const [file, copy, back] = ["file", "copy", "back"].map((name) => `${s.home}/${name}`);
    const data = new SeededData(bytes, 9);
    using out = await Deno.open(file, { write: true, create: true });
    for (let block = data.next(); block; block = data.next()) await out.write(block);
    const wanted = data.sha256();

    for (const [from, to] of [[file, `${sshd.user}@127.0.0.1:${copy}`], [`${sshd.user}@127.0.0.1:${copy}`, back]]) {
      const start = breaker.bytes;
      const copying = new Deno.Command(program("scp"), {
        args: [...sshd.options, "-q", "-P", String(port), from, to],
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).output();
      let finished = false;
      copying.finally(() => finished = true).catch(() => {});
      for (let reset = 1; reset <= 5; reset++) {
        await Promise.race([breaker.reached(start + reset * bytes / 6), copying]);
        assert(!finished, `scp was over before reset ${reset}`);
        breaker.reset();
      }
      const { code, stderr } = await copying;
      assertEquals(code, 0, new TextDecoder().decode(stderr));
    }
    for (const name of [copy, back]) assertEquals(sha256(await Deno.readFile(name)), wanted);
    assert(breaker.broken >= 10, `${breaker.broken} carriers were reset`);
  }),
});
