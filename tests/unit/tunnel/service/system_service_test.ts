import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { systemService } from "../../../../lib/tunnel/service/system_service.ts";
import { exampleService } from "../../../support/example_service.ts";

Deno.test("root's service is the system's, and another user's is in the home folder", () => {
  const root = systemService({ os: "linux", uid: 0, environment: { HOME: "/root" } });
  const alice = systemService({ os: "linux", uid: 1000, environment: { HOME: "/home/alice" } });
  assertEquals([root.isOfSystem, alice.isOfSystem], [true, false]);
  assertEquals(root.plan("tele").file, "/etc/systemd/system/tele.service");
  assertEquals(alice.plan("tele").file, "/home/alice/.config/systemd/user/tele.service");
});

Deno.test("each system has its own kind of text", () => {
  const text = (os: "linux" | "darwin" | "windows") => {
    const environment = { HOME: "/home/a", LOCALAPPDATA: "C:\\a", USERDOMAIN: "PC", USERNAME: "alice" };
    return systemService({ os, uid: os === "windows" ? undefined : 1000, environment }).text(exampleService());
  };
  assertStringIncludes(text("linux"), "[Service]");
  assertStringIncludes(text("darwin"), "<plist ");
  assertStringIncludes(text("windows"), "<UserId>PC\\alice</UserId>");
});

Deno.test("a variable that is missing, and a system without services, is an error that says what", () => {
  assertThrows(() => systemService({ os: "linux", uid: 1000, environment: {} }), Error, "HOME is not set");
  const windows = systemService({ os: "windows", uid: undefined, environment: {} });
  assertThrows(() => windows.plan("tele"), Error, "LOCALAPPDATA is not set");
  assertThrows(() => systemService({ os: "freebsd", uid: 0, environment: {} }), Error, "none of them is in freebsd");
});
