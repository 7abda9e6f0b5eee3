#!/bin/sh
# Runs kiln in the container. A container that starts as root hands the identity over to the user `node` and runs as
# that user; one that was started as another user (`user:` in compose.yaml, runAsUser in Kubernetes) runs as that one.
set -eu
main=$(dirname "$0")/src/cli/main.ts
[ "$(id -u)" = 0 ] || exec node "$main" "$@"
if [ -f "${KILN_IDENTITY:-}" ]; then
  # A secret keeps the owner and the mode of its file on the host. The copy is in memory and ends with the container.
  keys=$(mktemp -d /dev/shm/kiln-XXXXXX)
  install -o node -g node -m 0400 "$KILN_IDENTITY" "$keys/identity.pem"
  chown node:node "$keys"
  export KILN_IDENTITY="$keys/identity.pem"
fi
export HOME=/home/node
exec setpriv --reuid=node --regid=node --init-groups --no-new-privs node "$main" "$@"
