/** The folder in which the workers of a server meet. */
import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { PrivateFolder, removeIfLast } from "../../../../lib/tunnel/workers/private_folder.ts";
import { keyFileIn } from "../../../../lib/tunnel/workers/seat.ts";

/** Windows has no modes, and no workers. */
const ignore = Deno.build.os === "windows";

const modeOf = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o777;

Deno.test({
  name: "nobody else enters it or reads its key, which stays the same, and comes back where it was cleaned up",
  ignore,
  async fn() {
    const folder = PrivateFolder.make();
    await folder.writeKey();
    const key = await Deno.readTextFile(keyFileIn(folder.path));
    assertEquals([await modeOf(folder.path), await modeOf(keyFileIn(folder.path))], [0o700, 0o600]);
    await folder.writeKey();
    await Deno.remove(keyFileIn(folder.path));
    await folder.writeKey();
    assertEquals(await Deno.readTextFile(keyFileIn(folder.path)), key);
    const other = PrivateFolder.make();
    await other.writeKey();
    assertNotEquals(await Deno.readTextFile(keyFileIn(other.path)), key);
    for (const each of [folder, other]) each.remove();
    await assertRejects(() => Deno.stat(folder.path), Deno.errors.NotFound);
    folder.remove();
  },
});

Deno.test({
  name: "a folder that others can enter gets no key, and one that is gone is made again",
  ignore,
  async fn() {
    const folder = PrivateFolder.make();
    await Deno.chmod(folder.path, 0o755);
    await assertRejects(() => folder.writeKey(), Error, "others have taken the place");
    folder.remove();
    await Deno.symlink("/tmp", folder.path);
    await assertRejects(() => folder.writeKey(), Error, "others have taken the place");
    await Deno.remove(folder.path);
    await folder.writeKey();
    assertEquals([await modeOf(folder.path), await modeOf(keyFileIn(folder.path))], [0o700, 0o600]);
    folder.remove();
  },
});

Deno.test({
  name: "one without a socket is removed, and one that is gone is no fault",
  ignore,
  async fn() {
    const folder = PrivateFolder.make();
    await folder.writeKey();
    await removeIfLast(folder.path);
    await assertRejects(() => Deno.stat(folder.path), Deno.errors.NotFound);
    await removeIfLast(folder.path);
  },
});

Deno.test({
  name: "sockets that killed workers left are cleaned up, those of others and the key are not",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const folder = PrivateFolder.make();
    await folder.writeKey();
    const names = () => Array.from(Deno.readDirSync(folder.path), ({ name }) => name).toSorted();
    const listeners = ["killed", "other"].map((name) =>
      Deno.listen({ transport: "unix", path: `${folder.path}/${name}` })
    );
    // Deno removes the file when it closes the listener, and nobody does for a process that is killed.
    await Deno.rename(`${folder.path}/killed`, `${folder.path}/moved`);
    listeners[0]!.close();
    await Deno.rename(`${folder.path}/moved`, `${folder.path}/killed`);
    assertEquals(names(), ["key", "killed", "other"]);
    await folder.clean();
    assertEquals(names(), ["key", "other"]);
    listeners[1]!.close();
    folder.remove();
    await folder.clean();
  },
});

Deno.test({
  name:
    "where a link to another folder has taken its place nothing is removed behind that, and of its own only sockets",
  ignore,
  async fn() {
    const folder = PrivateFolder.make();
    const other = await Deno.makeTempDir();
    const entries = async () => (await Array.fromAsync(Deno.readDir(other))).map(({ name }) => name).toSorted();
    Deno.listen({ transport: "unix", path: `${other}/socket` }).close();
    await Deno.symlink("/tmp", `${other}/link`);
    await Deno.mkdir(`${other}/folder`);
    const before = await entries();
    folder.remove();
    await Deno.symlink(other, folder.path);
    await folder.clean();
    assertEquals(await entries(), before);
    await Deno.remove(folder.path);
    await Deno.rename(other, folder.path);
    await folder.clean();
    assertEquals((await Array.fromAsync(Deno.readDir(folder.path))).map(({ name }) => name).toSorted(), [
      "folder",
      "link",
    ]);
    folder.remove();
  },
});
