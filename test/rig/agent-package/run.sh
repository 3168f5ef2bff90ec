#!/bin/bash
# Stand-in for the agent's interactive script: no signal handler, the listener is a plain child.
"$(dirname "$0")"/bin/Agent.Listener run "$@"
exit $?
