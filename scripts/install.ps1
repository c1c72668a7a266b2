# Installs tele for the user who runs this: the program is downloaded, checked against SHA256SUMS, put into
# %LOCALAPPDATA%\Programs\tele, and that folder is added to the user's Path.
#
#   $env:TELE_INSTALL   another folder; the Path is then left alone
#   $env:TELE_URL       where the archives and SHA256SUMS are; the install script of a release knows that by itself
#
# Works in Windows PowerShell 5.1 and in PowerShell 7.

# In a script block: of a script that arrives in part nothing is run, and `irm ... | iex` leaves no variables behind.
& {
$ErrorActionPreference = "Stop"
# The progress bar of Windows PowerShell makes downloads many times slower.
$ProgressPreference = "SilentlyContinue"
[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12

# A release fills this in: scripts/compile/installers.ts.
$ReleaseUrl = ""

$url = if ($env:TELE_URL) { $env:TELE_URL.TrimEnd("/") } else { $ReleaseUrl }
if (-not $url) { throw "install: set TELE_URL to where the archives are, or take the install.ps1 of a release" }
# Windows on ARM runs programs for x86-64; 32-bit Windows does not.
if (-not [Environment]::Is64BitOperatingSystem) { throw "install: there is no tele for 32-bit Windows" }
$name = "tele-x86_64-pc-windows-msvc.zip"
$folder = if ($env:TELE_INSTALL) { $env:TELE_INSTALL } else { Join-Path $env:LOCALAPPDATA "Programs\tele" }
$temporary = Join-Path ([IO.Path]::GetTempPath()) "tele-$([Guid]::NewGuid())"
New-Item -ItemType Directory -Path $temporary | Out-Null
try {
  Write-Output "downloading $name"
  $sums = Join-Path $temporary "SHA256SUMS"
  $archive = Join-Path $temporary $name
  Invoke-WebRequest -UseBasicParsing -Uri "$url/SHA256SUMS" -OutFile $sums
  $line = @(Get-Content $sums | Where-Object { ($_ -split "\s+")[1] -eq $name })
  if ($line.Count -ne 1) { throw "install: $url/SHA256SUMS has no line for $name" }
  $expected = ($line[0] -split "\s+")[0]
  Invoke-WebRequest -UseBasicParsing -Uri "$url/$name" -OutFile $archive
  $actual = (Get-FileHash -Algorithm SHA256 -Path $archive).Hash
  if ($actual -ne $expected) {
    throw "install: $name is not what SHA256SUMS says, nothing was installed: SHA-256 is $actual instead of $expected"
  }
  Expand-Archive -Path $archive -DestinationPath $temporary
  $version = & (Join-Path $temporary "tele.exe") --version
  if ($LASTEXITCODE -ne 0) { throw "install: the program does not run here" }

  New-Item -ItemType Directory -Force -Path $folder | Out-Null
  $program = Join-Path $folder "tele.exe"
  # Windows does not let a program that runs be overwritten, but it can be renamed.
  $old = "$program.old"
  Remove-Item -Force -Path $old -ErrorAction SilentlyContinue
  if (Test-Path $program) { Move-Item -Force -Path $program -Destination $old }
  Move-Item -Path (Join-Path $temporary "tele.exe") -Destination $program
  Write-Output "installed $version as $program"
} finally {
  Remove-Item -Recurse -Force -Path $temporary -ErrorAction SilentlyContinue
}

if (-not $env:TELE_INSTALL) {
  $path = [Environment]::GetEnvironmentVariable("Path", "User")
  if (($path -split ";") -notcontains $folder) {
    [Environment]::SetEnvironmentVariable("Path", (@($path -split ";" | Where-Object { $_ }) + $folder) -join ";", "User")
    Write-Output "$folder was added to your Path: open a new terminal"
  }
}
}
