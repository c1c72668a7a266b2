/**
 * A service as a scheduled task of Windows: the Task Scheduler Schema of Microsoft.
 *
 * @module
 */
import { MARK_LINE, marked } from "./marked_text.ts";
import type { Service, ServicePlan } from "./service.ts";
import { xmlText } from "./xml_text.ts";

/**
 * The task: it starts when its user logs on, has no time limit, runs on batteries too, and begins again a minute after
 * it failed.
 *
 * @param user Whose task it is, as `DOMAIN\name`.
 */
export function scheduledTask({ words: [program = "", ...args] }: Service, user: string): string {
  return marked(`\
<?xml version="1.0"?>
<!-- ${MARK_LINE} -->
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <Triggers>
    <LogonTrigger>
      <UserId>${xmlText(user)}</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>${xmlText(user)}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>999</Count>
    </RestartOnFailure>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>${xmlText(program)}</Command>
      <Arguments>${xmlText(args.map(windowsWord).join(" "))}</Arguments>
    </Exec>
  </Actions>
</Task>
`);
}

/** Where its text is kept, and the commands of schtasks.exe. */
export function taskPlan(name: string, appData: string): ServicePlan {
  const file = `${appData}\\tele\\${name}.xml`;
  return {
    file,
    begin: [["schtasks", "/Create", "/F", "/TN", name, "/XML", file], ["schtasks", "/Run", "/TN", name]],
    beginsAnew: false,
    end: [["schtasks", "/End", "/TN", name], ["schtasks", "/Delete", "/F", "/TN", name]],
    forget: [],
    status: ["schtasks", "/Query", "/V", "/FO", "LIST", "/TN", name],
    hints: ["it starts when you log on; after a change of the configuration, end the task and run it again"],
  };
}

/** A word as programs of Windows take their command line apart: backslashes count only in front of a quote. */
function windowsWord(word: string): string {
  if (/^[^\s"]+$/.test(word)) return word;
  return `"${word.replace(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, "$&$&")}"`;
}
