#!/bin/bash
# Stand-in for the agent's service script: PATH from the file, SIGTERM becomes SIGINT of the service process.
trap 'kill -INT $PID' TERM INT
if [ -f .path ]; then PATH=$(cat .path) && export PATH; fi
./externals/node24/bin/node ./bin/service.mjs &
PID=$!
wait $PID
trap - TERM INT
wait $PID
