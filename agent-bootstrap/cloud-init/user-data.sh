#!/usr/bin/env bash
# user-data.sh AGENT_CONF [CA_FILE]: prints cloud-init user-data that makes a fresh machine an agent.
# No secret is in it: the machine takes its token from its own identity. JSON is YAML, so jq writes it.
set -Eeuo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
conf=${1:?usage: user-data.sh AGENT_CONF [CA_FILE]}

file() { # file TARGET MODE SOURCE
  jq -n --arg path "$1" --arg permissions "$2" --arg content "$(gzip -9 -n -c "$3" | base64 -w 0)" \
    '{path: $path, owner: "root:root", permissions: $permissions, encoding: "gz+b64", content: $content}'
}

files() {
  local unit
  file /usr/local/sbin/agent-init.sh 0755 "$here/../agent-init.sh"
  while IFS= read -r unit; do file "/usr/local/share/ado-agent/units/$unit" 0644 "$here/../units/$unit"; done \
    < <(cd "$here/../units" && find . -type f -printf '%P\n' | LC_ALL=C sort)
  file /usr/local/share/ado-agent/agent.conf.example 0644 "$here/../agent.conf.example"
  file /etc/ado-agent/agent.conf 0644 "$conf"
  if [[ -n ${2:-} ]]; then file /etc/ado-agent/ca.pem 0644 "$2"; fi
}

echo '#cloud-config'
# At every boot, so that a machine that lost its power during the installation finishes it; a healthy agent is left alone.
files "$@" | jq -s '{write_files: (. + [{
  path: "/var/lib/cloud/scripts/per-boot/ado-agent", owner: "root:root", permissions: "0755",
  content: "#!/bin/sh\nexec /usr/local/sbin/agent-init.sh install\n"}])}'
