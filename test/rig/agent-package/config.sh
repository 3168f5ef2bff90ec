#!/bin/bash
# Stand-in for the agent's configuration script: refuses root, notes the environment, starts the listener.
if [ "$(id -u)" -eq 0 ]; then
  echo 'Must not run with sudo'
  exit 1
fi
cd "$(dirname "$0")" || exit 1
ldd ./bin/libcoreclr.so | grep -E 'not found|No such' && exit 1
echo "$PATH" >.path
grep -q '^LANG=' .env || echo "LANG=$LANG" >>.env
if [ "$1" = remove ]; then ./bin/Agent.Listener "$@"; else ./bin/Agent.Listener configure "$@"; fi
