#!/usr/bin/env node
/**
 * `tele` in a package of npm: runs the program beside this file on the Deno that npm has installed with it.
 *
 * Not by the `bin` of that package, which waits for Deno without hearing signals and turns death by one into success.
 */
"use strict";

const { spawn } = require("node:child_process");
const { constants } = require("node:os");
const { join } = require("node:path");
const { isatty } = require("node:tty");

/** Signals that ask `tele` to end, or to read its configuration again. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/** A terminal, and a console of Windows, sends these to all that runs in it: passed on, `tele` would have them twice. */
const BY_TERMINAL = [0, 1, 2].some((descriptor) => isatty(descriptor)) ? ["SIGINT", "SIGHUP"] : [];

function run() {
  // Its own way to the executable of this system: linked into that package at the first start, if scripts did not run.
  const deno = require("deno/install_api.cjs").runInstall();
  const args = [...require("./arguments.json"), join(__dirname, "tele.mjs"), ...process.argv.slice(2)];
  // In front of the start: a signal that comes meanwhile would end this process alone.
  for (const signal of SIGNALS) process.on(signal, () => BY_TERMINAL.includes(signal) || child.kill(signal));
  const child = spawn(deno, args, { stdio: "inherit", env: { ...process.env, DENO_NO_UPDATE_CHECK: "1" } });
  child.on("error", fail);
  // As a shell tells of who was ended by a signal.
  child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

function fail(error) {
  console.error(`tele: Deno, which runs it, does not start: ${error.message}`);
  process.exit(1);
}

try {
  run();
} catch (error) {
  fail(error);
}
