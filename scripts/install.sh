#!/bin/sh
# Installs tele for the user who runs this, without root: the program for this system is downloaded, checked against
# SHA256SUMS, and put into ~/.local/bin.
#
#   TELE_INSTALL=FOLDER   another folder
#   TELE_URL=URL          where the archives and SHA256SUMS are; the install script of a release knows that by itself
#
# Needs curl or wget; sha256sum, shasum or openssl; tar, gzip and awk.
set -eu

# A release fills this in: scripts/compile/installers.ts.
release_url=""

fail() {
  echo "install: $*" >&2
  exit 1
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# The name that Deno has for this system.
target() {
  system=$(uname -s)
  machine=$(uname -m)
  case "$machine" in
    x86_64 | amd64) machine=x86_64 ;;
    aarch64 | arm64) machine=aarch64 ;;
    *) system=unknown ;;
  esac
  case "$system" in
    Linux) echo "$machine-unknown-linux-gnu" ;;
    Darwin) echo "$machine-apple-darwin" ;;
    *) fail "there is no tele for $(uname -s) on $(uname -m): run it from source with Deno, see the README" ;;
  esac
}

# download URL FILE
download() {
  if has curl; then
    curl -fsSL -o "$2" "$1" || fail "cannot download $1"
  elif has wget; then
    wget -q -O "$2" "$1" || fail "cannot download $1"
  else
    fail "curl or wget is needed: install one of them"
  fi
}

sha256() {
  if has sha256sum; then
    sha256sum <"$1" | cut -d ' ' -f 1
  elif has shasum; then
    shasum -a 256 <"$1" | cut -d ' ' -f 1
  elif has openssl; then
    openssl dgst -sha256 -r <"$1" | cut -d ' ' -f 1
  else
    fail "sha256sum, shasum or openssl is needed to check the download: install one of them"
  fi
}

# How this user's shell learns to complete options: the manual has more.
completion() {
  case "${SHELL:-}" in
    */bash) echo "echo 'eval \"\$(tele --completion=bash)\"' >> ~/.bashrc" ;;
    */zsh) echo "echo 'eval \"\$(tele --completion=zsh)\"' >> ~/.zshrc" ;;
    */fish) echo "tele --completion=fish > ~/.config/fish/completions/tele.fish" ;;
  esac
}

# All in a function that the last line calls: of a script that arrives in part, nothing is run.
main() {
  url=${TELE_URL:-$release_url}
  url=${url%/}
  [ -n "$url" ] || fail "set TELE_URL to where the archives are, or take the install.sh of a release"
  folder=${TELE_INSTALL:-${HOME:?install: HOME is not set: set TELE_INSTALL to a folder}/.local/bin}
  name=tele-$(target).tar.gz
  temporary=$(mktemp -d) || fail "cannot make a temporary folder"
  trap 'rm -rf "$temporary"' EXIT
  trap 'exit 1' HUP INT TERM

  echo "downloading $name"
  download "$url/SHA256SUMS" "$temporary/SHA256SUMS"
  expected=$(awk -v name="$name" '$2 == name { print $1 }' "$temporary/SHA256SUMS")
  [ -n "$expected" ] || fail "$url/SHA256SUMS has no line for $name: this release has nothing for this system"
  download "$url/$name" "$temporary/$name"
  actual=$(sha256 "$temporary/$name")
  [ "$actual" = "$expected" ] ||
    fail "$name is not what SHA256SUMS says, nothing was installed: SHA-256 is $actual instead of $expected; try again"

  tar -xzf "$temporary/$name" -C "$temporary" || fail "cannot unpack $name"
  version=$("$temporary/tele" --version) ||
    fail "the program does not run here; on Linux it needs glibc, so on Alpine run it from source with Deno"
  mkdir -p "$folder" || fail "cannot make $folder: set TELE_INSTALL to a folder of yours"
  # The PATH needs the whole name.
  folder=$(CDPATH='' cd -- "$folder" && pwd) || fail "cannot enter $folder: set TELE_INSTALL to a folder of yours"
  # mv would put the program into it.
  [ ! -d "$folder/tele" ] || fail "$folder/tele is a folder: set TELE_INSTALL to another place"
  # Who updates has been told before.
  told=
  if [ -e "$folder/tele" ]; then told=yes; fi
  # By a rename, so that a tele that runs is not overwritten, and there is always a whole one.
  if ! { cp "$temporary/tele" "$folder/.tele.$$" && mv -f "$folder/.tele.$$" "$folder/tele"; }; then
    rm -f "$folder/.tele.$$"
    fail "cannot write to $folder: set TELE_INSTALL to a folder of yours"
  fi

  echo "installed $version as $folder/tele"
  case ":${PATH:-}:" in
    *":$folder:"*) ;;
    *) echo "$folder is not in your PATH; for example: export PATH=\"$folder:\$PATH\"" ;;
  esac
  enabling=$(completion)
  if [ -z "$told" ] && [ -n "$enabling" ]; then echo "to complete options by Tab: $enabling"; fi
  if [ -z "$told" ]; then
    echo "for a man page: mkdir -p ~/.local/share/man/man1 && tele --man > ~/.local/share/man/man1/tele.1"
  fi
}

main
