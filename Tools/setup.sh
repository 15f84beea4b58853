# Sourced by ./demo and ./test: makes sure that the system packages are there.

# What a shell of ours is set to is not what these scripts show and check.
unset JANUS_LITE_MODEL JANUS_LITE_ISA

install_packages() {
  command -v swift > /dev/null || {
    echo "error: Swift 6.3 or newer is needed (https://www.swift.org/install)" >&2
    exit 69
  }
  [[ "$(uname -s)" == Linux ]] || return 0
  local missing=()
  local package
  for package in libopenblas-dev libpng-dev libjpeg-dev libcurl4-openssl-dev libwebp7 libssl-dev "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' \
      || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  echo "== Installing ${missing[*]} =="
  local sudo=()
  [[ "$(id -u)" == 0 ]] || sudo=(sudo)
  "${sudo[@]}" apt-get update -qq
  # Behind sudo, which does not pass variables on.
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq "${missing[@]}" > /dev/null
}

# Builds the command and sets $release to its folder. ./demo and ./test build it with the same flags, so that the one
# does not replace the other's: with Swift's library in it, as one file that runs where no Swift is installed.
build_release() {
  # What --version says, where git knows it.
  JANUS_LITE_COMMIT=$(git rev-parse --short=12 HEAD 2> /dev/null || true)
  export JANUS_LITE_COMMIT
  swift build -c release --static-swift-stdlib --product janus-lite
  release="$(swift build -c release --static-swift-stdlib --show-bin-path)"
}
