/**
 * Which of the systems' services is meant on this machine, and its text.
 *
 * @module
 */
import { badInput } from "../../net/error.ts";
import { launchdPlan, launchdPlist } from "./launchd_plist.ts";
import { scheduledTask, taskPlan } from "./scheduled_task.ts";
import type { Service, ServicePlan } from "./service.ts";
import { systemdPlan, systemdUnit } from "./systemd_unit.ts";

/** Variables that say where a user's files are, and in Windows who the user is. */
export interface ServiceEnvironment {
  /** The home folder. */
  readonly HOME?: string | undefined;
  /** The folder of programs' own files. */
  readonly LOCALAPPDATA?: string | undefined;
  /** The machine or domain that knows the user. */
  readonly USERDOMAIN?: string | undefined;
  /** The user's name. */
  readonly USERNAME?: string | undefined;
}

/** What is to be known of the machine and of who installs. */
export interface Installation {
  /** The operating system. */
  readonly os: typeof Deno.build.os;
  /** The user's number; `undefined` in Windows. Root's services are the system's. */
  readonly uid: number | undefined;
  /** Its variables. */
  readonly environment: ServiceEnvironment;
}

/** The service of a system. */
export interface SystemService {
  /** Whether it is the machine's, and not one user's. */
  readonly isOfSystem: boolean;
  /** What is written where, and run. */
  plan(name: string): ServicePlan;
  /** What is written. */
  text(service: Service): string;
}

/**
 * The service of this machine's system.
 *
 * @throws {TeleError} `bad-input` where tele knows none, or the environment does not name the user's folder.
 */
export function systemService({ os, uid, environment }: Installation): SystemService {
  const isOfSystem = uid === 0;
  const needed = (name: keyof ServiceEnvironment) => {
    const value = environment[name];
    if (value) return value;
    throw badInput(`${name} is not set, by which the user and the user's folder are found: set it`);
  };
  if (os === "windows") {
    return {
      isOfSystem: false,
      plan: (name) => taskPlan(name, needed("LOCALAPPDATA")),
      text: (service) => scheduledTask(service, `${needed("USERDOMAIN")}\\${needed("USERNAME")}`),
    };
  }
  const home = isOfSystem ? undefined : needed("HOME");
  if (os === "linux") return { isOfSystem, plan: (name) => systemdPlan(name, home), text: systemdUnit };
  if (os === "darwin") {
    const owner = { home, uid: uid ?? 0 };
    return {
      isOfSystem,
      plan: (name) => launchdPlan(name, owner),
      text: (service) => launchdPlist(service, owner),
    };
  }
  throw badInput(`tele service knows systemd, launchd and Windows, and none of them is in ${os}: see the manual`);
}
