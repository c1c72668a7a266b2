/**
 * Running `scripts/install.sh` as a user with an empty home.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { program } from "./skip.ts";

/** The install script of this tree. */
export const INSTALL_SH = fileURLToPath(new URL("../../scripts/install.sh", import.meta.url));

/** A home folder in which something is, or is not, installed. */
export class Home implements AsyncDisposable {
  /** The folder. */
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes an empty home. */
  static async make(): Promise<Home> {
    return new Home(await Deno.makeTempDir());
  }

  /** Where the program is put if nobody says otherwise. */
  get tele(): string {
    return `${this.path}/.local/bin/tele`;
  }

  /** Runs an install script. Programs in the folder `bin` of this home are found first. */
  async install(
    env: Record<string, string>,
    script = INSTALL_SH,
  ): Promise<{ code: number; output: string; errors: string }> {
    const temporary = `${this.path}/tmp`;
    await Deno.mkdir(temporary, { recursive: true });
    const { code, stdout, stderr } = await new Deno.Command(program("sh"), {
      args: [script],
      clearEnv: true,
      env: { HOME: this.path, PATH: `${this.path}/bin:${Deno.env.get("PATH")}`, TMPDIR: temporary, ...env },
      stdin: "null",
    }).output();
    const left = Array.from(Deno.readDirSync(temporary), ({ name }) => name);
    if (left.length > 0) throw new Error(`the install script left ${left.join(", ")} behind`);
    return { code, output: new TextDecoder().decode(stdout), errors: new TextDecoder().decode(stderr) };
  }

  /** Puts a program in front of the system's of the same name. */
  async stub(name: string, script: string): Promise<void> {
    await Deno.mkdir(`${this.path}/bin`, { recursive: true });
    await Deno.writeTextFile(`${this.path}/bin/${name}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  /** Names in the folder that gets the program; none if it is not there. */
  installed(): string[] {
    try {
      return Array.from(Deno.readDirSync(`${this.path}/.local/bin`), ({ name }) => name);
    } catch {
      return [];
    }
  }

  /** Removes the home and all that is in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}
