#!/bin/sh
# Runs a script with Node.js. Today's packages need a newer one than Debian's, so npm installs one.
for node in "${0%/*}"/node_modules/node-linux-*/bin/node; do
    [ ! -x "$node" ] || exec "$node" "$@"
done
! command -v node >/dev/null || exec node "$@"
echo "skipped: no node on PATH"
exit 77
