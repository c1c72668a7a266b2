/**
 * Completion for PowerShell, from 5.1 on.
 *
 * @module
 */

import { COMMAND_WORDS } from "../command_line/command_words.ts";
import {
  actionsOf,
  type CompletedRow,
  isCommand,
  ROLE_WORDS,
  ROWS,
  TAKEN,
  WITHOUT_COMMAND,
} from "./completed_option.ts";

/** The script: it registers a completer for the native command `tele`. */
export function powershellCompletion(): string {
  return `\
# Completion of tele's options for PowerShell, made by: tele --completion=powershell
Register-ArgumentCompleter -Native -CommandName tele -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $options = @(
${ROWS.map((each) => `        ${row(each)}\n`).join("")}\
    )
    $taken = @(${WITHOUT_COMMAND.map(quoted).join(", ")})
    $actions = @()
    $before = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { $_.Extent.Text -replace '^-(?!-)', '--' })
${ROLE_WORDS.toReversed().map(branch).join("")}\
    $offered = @($options | Where-Object { $_.Role -in $taken })
    $word = $wordToComplete -replace '^-(?!-)', '--'
    $name = $null
    $prefix = ''
    if ($word -match '^--([^=]+)=(.*)$') {
        $name = $Matches[1]
        $value = $Matches[2]
        $prefix = "--$name="
    } elseif ($before.Count -gt 1 -and $before[-1] -match '^--([^=]+)$') {
        $name = $Matches[1]
        $value = $word
    }
    $option = $offered | Where-Object { $name -and $_.Name -eq $name -and $_.Takes } | Select-Object -First 1
    if ($option) {
        $option.Words | Where-Object { $_ -like "$value*" } | ForEach-Object {
            [System.Management.Automation.CompletionResult]::new("$prefix$_", $_, 'ParameterValue', $option.Meaning)
        }
        if ($option.Paths) {
            [System.Management.Automation.CompletionCompleters]::CompleteFilename($value) |
                Where-Object { $option.Paths -eq 'files' -or $_.ResultType -eq 'ProviderContainer' } |
                ForEach-Object {
                    [System.Management.Automation.CompletionResult]::new(
                        "$prefix$($_.CompletionText)", $_.ListItemText, $_.ResultType, $_.ToolTip)
                }
        }
        return
    }
    @(${COMMAND_WORDS.map(({ word }) => quoted(word)).join(", ")}) |
        Where-Object { $before.Count -le 1 -and $_ -like "$word*" } | ForEach-Object {
            [System.Management.Automation.CompletionResult]::new($_, $_, 'Command', $_)
        }
    $actions | Where-Object { -not ($actions | Where-Object { $before -contains $_ }) -and $_ -like "$word*" } |
        ForEach-Object {
            [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
        }
    $offered | ForEach-Object { $_.Text = "--$($_.Name)$(if ($_.Takes) { '=' })"; $_ } |
        Where-Object { $_.Text -like "$word*" } | ForEach-Object {
            [System.Management.Automation.CompletionResult]::new($_.Text, $_.Text, 'ParameterName', $_.Meaning)
        }
}
`;
}

/** Narrows what is offered; the last that holds counts. */
function branch([role, words]: typeof ROLE_WORDS[number]): string {
  const given = words.filter((word) => !/^-(?!-)/.test(word)).map((word) =>
    `${isCommand(word) ? "$before[1] -eq" : "$before -contains"} ${quoted(word)}`
  );
  const actions = actionsOf(role).map(quoted).join(", ");
  const narrowed = [
    `$taken = @(${TAKEN[role].map(quoted).join(", ")})`,
    ...actions ? [`$actions = @(${actions})`] : [],
  ];
  return `    if (${given.join(" -or ")}) { ${narrowed.join("; ")} }\n`;
}

/** A row of the table as a hash table of PowerShell. */
function row({ role, option }: CompletedRow): string {
  const { words = [], paths = "" } = (option.kind === "value" ? option.completes : undefined) ?? {};
  const fields = [
    `Name = ${quoted(option.name)}`,
    `Role = ${quoted(role)}`,
    `Takes = $${option.kind === "value"}`,
    `Words = @(${words.map(quoted).join(", ")})`,
    `Paths = ${quoted(paths)}`,
    `Meaning = ${quoted(option.meaning)}`,
  ];
  return `@{ ${fields.join("; ")} }`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
