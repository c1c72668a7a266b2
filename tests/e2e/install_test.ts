/**
 * `scripts/install.sh` against a local web server. `tests/e2e/compiled_test.ts` installs a real `tele` with it;
 * `scripts/install.ps1` runs on Windows only, in the workflows.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { withReleaseUrl } from "../../scripts/compile/installers.ts";
import { Home, INSTALL_SH } from "../support/installation.ts";
import { ARCHIVE, Release } from "../support/release.ts";
import { onUnix, program } from "../support/skip.ts";
import { denoDir, teleWords } from "../support/tele_program.ts";

Deno.test({
  name: "install.sh puts the program into ~/.local/bin, and later a newer one in its place",
  ...onUnix("sh", "curl"),
  fn: async () => {
    await using home = await Home.make();
    await using release = await Release.ofScript("tele 1.2.3");
    const first = await home.install({ TELE_URL: release.url });
    assertEquals([first.code, first.errors], [0, ""]);
    assertMatch(first.output, new RegExp(`^downloading ${ARCHIVE}\ninstalled tele 1\\.2\\.3 as ${home.tele}\n`));
    assertStringIncludes(first.output, `for example: export PATH="${home.path}/.local/bin:$PATH"\n`);
    assertEquals(release.asked, ["SHA256SUMS", ARCHIVE]);
    assertEquals((await new Deno.Command(home.tele).output()).code, 0);

    await using newer = await Release.ofScript("tele 1.2.4");
    const PATH = `${home.path}/.local/bin:${Deno.env.get("PATH")}`;
    const second = await home.install({ TELE_URL: `${newer.url}/`, PATH });
    assertEquals([second.code, second.errors], [0, ""]);
    assertEquals(second.output, `downloading ${ARCHIVE}\ninstalled tele 1.2.4 as ${home.tele}\n`);
    assertEquals(home.installed(), ["tele"]);
  },
});

Deno.test({
  name: "install.sh says once how options are completed in the user's shell, and those lines are right",
  ...onUnix("sh", "curl", "bash", "zsh", "fish"),
  fn: async () => {
    // It does what the real one does with the options that a user is told to type.
    await using release = await Release.ofScript(`$(${teleWords().map((word) => `"${word}"`).join(" ")} "$@")`);
    const files: [shell: "bash" | "zsh" | "fish", file: string, sign: string][] = [
      ["bash", ".bashrc", 'eval "$(tele --completion=bash)"\n'],
      ["zsh", ".zshrc", 'eval "$(tele --completion=zsh)"\n'],
      ["fish", ".config/fish/completions/tele.fish", "complete -c tele -f\n"],
    ];
    for (const [shell, file, sign] of files) {
      await using home = await Home.make();
      const SHELL = program(shell);
      const { code, output } = await home.install({ TELE_URL: release.url, SHELL, DENO_DIR: await denoDir() });
      assertEquals(code, 0);
      const told = /^to complete options by Tab: (.*)\nfor a man page: (.*)$/m.exec(output);
      assert(told !== null, output);
      if (shell === "fish") await Deno.mkdir(`${home.path}/.config/fish/completions`, { recursive: true });
      const env = {
        HOME: home.path,
        PATH: `${home.path}/.local/bin:${Deno.env.get("PATH")}`,
        DENO_DIR: await denoDir(),
      };
      const typed = new Deno.Command(SHELL, { args: ["-c", `${told[1]}; ${told[2]}`], env, clearEnv: true });
      assertEquals((await typed.output()).code, 0);
      assertStringIncludes(await Deno.readTextFile(`${home.path}/${file}`), sign);
      assertMatch(await Deno.readTextFile(`${home.path}/.local/share/man/man1/tele.1`), /^\.TH TELE 1 /);
      const again = await home.install({ TELE_URL: release.url, SHELL, DENO_DIR: await denoDir() });
      assertEquals(again.output.includes("by Tab") || again.output.includes("man page"), false);
    }
  },
});

Deno.test({
  name: "the install.sh of a release knows where its files are; TELE_INSTALL is another folder, with a space too",
  ...onUnix("sh", "curl"),
  fn: async () => {
    await using home = await Home.make();
    await using release = await Release.ofScript("tele 1.2.3");
    const script = `${home.path}/install.sh`;
    await Deno.writeTextFile(script, withReleaseUrl(await Deno.readTextFile(INSTALL_SH), release.url));
    const folder = `${home.path}/my programs`;
    const { code, output, errors } = await home.install({ TELE_INSTALL: folder }, script);
    assertEquals([code, errors], [0, ""]);
    assertStringIncludes(output, `installed tele 1.2.3 as ${folder}/tele\n`);
    assertEquals(home.installed(), []);
  },
});

Deno.test({
  name: "install.sh does not put the program into a folder that is called tele, and tells the whole name of its own",
  ...onUnix("sh", "curl"),
  fn: async () => {
    await using home = await Home.make();
    await using release = await Release.ofScript("tele 1.2.3");
    await Deno.mkdir(`${home.path}/source/tele`, { recursive: true });
    const wrong = await home.install({ TELE_URL: release.url, TELE_INSTALL: `${home.path}/source` });
    assertEquals(wrong.code, 1);
    assertEquals(wrong.errors, `install: ${home.path}/source/tele is a folder: set TELE_INSTALL to another place\n`);
    assertEquals([...Deno.readDirSync(`${home.path}/source/tele`)], []);
    const short = await home.install({ TELE_URL: release.url, TELE_INSTALL: `${home.path}/source/../other` });
    assertStringIncludes(short.output, `installed tele 1.2.3 as ${home.path}/other/tele\n`);
  },
});

Deno.test({
  name: "install.sh installs nothing if the checksum is wrong, and leaves what was there",
  ...onUnix("sh", "curl"),
  fn: async () => {
    await using home = await Home.make();
    await using release = await Release.ofScript("tele 1.2.3");
    await home.install({ TELE_URL: release.url });
    await using forged = await Release.ofScript("tele 6.6.6");
    forged.files.set("SHA256SUMS", release.files.get("SHA256SUMS")!);
    const { code, errors } = await home.install({ TELE_URL: forged.url });
    assertEquals(code, 1);
    assertMatch(
      errors,
      new RegExp(
        `^install: ${ARCHIVE} is not what SHA256SUMS says, nothing was installed: ` +
          "SHA-256 is [0-9a-f]{64} instead of [0-9a-f]{64}; try again\n$",
      ),
    );
    const { stdout } = await new Deno.Command(home.tele).output();
    assertEquals(new TextDecoder().decode(stdout), "tele 1.2.3\n");
  },
});

Deno.test({
  name: "install.sh says so where there is no tele for the system, and downloads nothing",
  ...onUnix("sh", "curl"),
  fn: async () => {
    await using release = await Release.ofScript("tele 1.2.3");
    for (const [system, machine] of [["FreeBSD", "amd64"], ["Linux", "riscv64"], ["Linux", "armv7l"]]) {
      await using home = await Home.make();
      await home.stub("uname", `case "$1" in -s) echo ${system} ;; -m) echo ${machine} ;; esac`);
      const { code, output, errors } = await home.install({ TELE_URL: release.url });
      assertEquals([code, output], [1, ""]);
      assertEquals(
        errors,
        `install: there is no tele for ${system} on ${machine}: run it from source with Deno, see the README\n`,
      );
      assertEquals(home.installed(), []);
    }
    assertEquals(release.asked, []);
  },
});

Deno.test({
  name: "install.sh asks for the archive of each system by Deno's name for it",
  ...onUnix("sh", "curl"),
  fn: async () => {
    await using release = new Release();
    release.sum();
    const systems: [system: string, machine: string, target: string][] = [
      ["Linux", "x86_64", "x86_64-unknown-linux-gnu"],
      ["Linux", "aarch64", "aarch64-unknown-linux-gnu"],
      ["Darwin", "x86_64", "x86_64-apple-darwin"],
      ["Darwin", "arm64", "aarch64-apple-darwin"],
    ];
    for (const [system, machine, target] of systems) {
      await using home = await Home.make();
      await home.stub("uname", `case "$1" in -s) echo ${system} ;; -m) echo ${machine} ;; esac`);
      const { code, errors } = await home.install({ TELE_URL: release.url });
      assertEquals(code, 1);
      const line = `SHA256SUMS has no line for tele-${target}.tar.gz: this release has nothing for this system`;
      assertEquals(errors, `install: ${release.url}/${line}\n`);
    }
  },
});

Deno.test({
  name: "install.sh tells each other failure in a line, and installs nothing",
  ...onUnix("sh", "curl"),
  fn: async () => {
    await using home = await Home.make();
    await using release = await Release.ofScript("tele 1.2.3");
    const fails = async (env: Record<string, string>, says: string) => {
      const { code, errors } = await home.install(env);
      assertEquals(code, 1);
      assertStringIncludes(errors.split("\n").at(-2)!, `install: ${says}`);
      assertEquals(home.installed(), []);
    };
    await fails({}, "set TELE_URL to where the archives are, or take the install.sh of a release");
    await fails(
      { TELE_URL: `${release.url}/no/such/folder` },
      `cannot download ${release.url}/no/such/folder/SHA256SUMS`,
    );
    await Deno.writeTextFile(`${home.path}/file`, "");
    await fails({ TELE_URL: release.url, TELE_INSTALL: `${home.path}/file/bin` }, "cannot make ");
    release.files.set(ARCHIVE, new TextEncoder().encode("no archive"));
    release.sum();
    await fails({ TELE_URL: release.url }, `cannot unpack ${ARCHIVE}`);
    await using foreign = await Release.ofScript(`"; exit 127 #`);
    await fails({ TELE_URL: foreign.url }, "the program does not run here; on Linux it needs glibc");
  },
});

Deno.test({
  name: "install.sh needs no curl and no sha256sum where wget and openssl are",
  ...onUnix("sh", "wget", "openssl"),
  fn: async () => {
    await using home = await Home.make();
    await using release = await Release.ofScript("tele 1.2.3");
    const names = ["awk", "cp", "cut", "gzip", "mkdir", "mktemp", "mv", "openssl", "rm", "tar", "uname", "wget"];
    await Deno.mkdir(`${home.path}/bin`);
    for (const name of names) await Deno.symlink(program(name), `${home.path}/bin/${name}`);
    const { code, output, errors } = await home.install({ TELE_URL: release.url, PATH: `${home.path}/bin` });
    assertEquals([code, errors], [0, ""]);
    assertStringIncludes(output, `installed tele 1.2.3 as ${home.tele}\n`);
  },
});

Deno.test({
  name: "install.sh is as shellcheck likes it",
  ...onUnix("sh", "shellcheck"),
  fn: async () => {
    const args = ["--shell=sh", "--norc", INSTALL_SH];
    const { success, stdout } = await new Deno.Command("shellcheck", { args }).output();
    assertEquals([success, new TextDecoder().decode(stdout)], [true, ""]);
  },
});
