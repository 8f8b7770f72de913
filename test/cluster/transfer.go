package main

import (
	"os"
	"path/filepath"
)

// stateTransfer names how a joining node gets what it lacks. Galera runs a script of this name on
// both sides. Distributions bring some that copy the whole database, which we do not test here and
// which need more packages. Ours only lets the nodes send each other missed transactions.
const stateTransfer = "missed"

const stateTransferScript = `#!/bin/sh
folder=$(dirname "$0")
while [ $# -gt 0 ]; do
  case $1 in
  --role) role=$2 ;;
  --address) address=$2 ;;
  --gtid) gtid=$2 ;;
  --bypass) bypass=yes ;;
  esac
  shift
done
position=$folder/position-${address%%:*}
case $role in
joiner)
  rm -f "$position"
  echo "ready $address"
  until [ -s "$position" ]; do
    kill -0 "$PPID" || exit 1
    sleep 0.05
  done
  cat "$position"
  ;;
donor)
  [ "${bypass-}" = yes ] || exit 1
  echo "$gtid" >"$position.new"
  mv "$position.new" "$position"
  echo "done $gtid"
  ;;
esac
`

func writeStateTransfer(folder string) error {
	return os.WriteFile(filepath.Join(folder, "wsrep_sst_"+stateTransfer), []byte(stateTransferScript), 0o700)
}
