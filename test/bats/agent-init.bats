#!/usr/bin/env bats
# The rules of agent-init.sh that need no machine of their own: command line, settings, package, judgement, files.
# shellcheck disable=SC2016  # the functions below expand them

setup() {
  kit=$BATS_TEST_DIRNAME/../../agent-bootstrap
  script=$kit/agent-init.sh
  dir=$(mktemp -d)
  conf=$dir/agent.conf
  printf 'ORGANIZATION_URL=https://dev.azure.com/contoso\nPOOL=bastion-agents\n' >"$conf"
  chmod 644 "$conf"
}

teardown() { rm -rf "$dir"; }

# inside COMMANDS: with the script's functions and $RUN, as its verbs have them
inside() {
  run env -i PATH="$PATH" ADO_AGENT_CONFIG="$conf" dir="$dir" bash --norc -c "source '$script'; RUN=\$dir/run; mkdir -p \$RUN; $1"
}

settings() { inside 'load_settings; require_registration_settings; echo accepted'; }

refused() { # refused LINE SENTENCE: the settings with this line are refused, in this sentence
  echo "$1" >>"$conf"
  settings
  echo "$output"
  [ "$status" -eq 2 ]
  [[ $output == *"ERROR: $2"* ]]
}

@test "help: every verb has its own, and wrong usage ends with 2" {
  for verb in prep install deregister reauth selftest health clean; do
    run "$script" "$verb" --help
    [ "$status" -eq 0 ]
    [[ $output == "agent-init.sh $verb"* ]]
  done
  run "$script" --help
  [[ $output == "agent-init.sh VERB"* ]]
  run "$script"
  [ "$status" -eq 2 ]
  run "$script" instal
  [ "$status" -eq 2 ]
  [[ $output == *"there is no verb 'instal'"* ]]
  run "$script" health --stopped
  [ "$status" -eq 2 ]
  [[ $output == *"health has no option '--stopped'"* ]]
}

@test "settings: the two that have no default are enough" {
  settings
  [ "$status" -eq 0 ]
  [ "$output" = accepted ]
}

@test "settings: a wrong value is refused in one sentence that says what is right" {
  refused 'ORGANIZATION_URL=http://dev.azure.com/contoso' 'ORGANIZATION_URL must be https://dev.azure.com/<organization>'
  refused 'AUTH=password' 'AUTH must be managed-identity, service-principal or pat'
  refused 'AGENT_VERSION=4' "AGENT_VERSION must be 'latest' or a version such as 4.260.0, not '4'"
  refused 'AGENT_PACKAGE_SHA256=abc' 'AGENT_PACKAGE_SHA256 must be the 64 hexadecimal digits'
  refused 'PROXY_URL=http://user:secret@proxy:3128' 'PROXY_URL must be http(s)://host[:port], without a user or a password'
  refused 'KEY_VAULT_SECRET_URL=https://evil.example/secrets/x' 'KEY_VAULT_SECRET_URL must be the https address of a Key Vault secret'
  refused 'WORK_DIR=work' 'WORK_DIR must be an absolute path'
  refused 'ONCE=yes' "ONCE must be true or false, not 'yes'"
  refused 'SELFTEST=' 'SELFTEST must be enforce or warn, not empty'
  refused 'LOG_MAX_MB=-1' 'LOG_MAX_MB must be a number of megabytes'
}

@test "settings: all problems are told at once" {
  printf 'ONCE=maybe\nAUTH=none\nCOLOUR=red\nnonsense\n' >>"$conf"
  settings
  [ "$(grep -c ERROR: <<<"$output")" -eq 4 ]
  [[ $output == *"$conf:5: there is no setting COLOUR"* ]]
  [[ $output == *"$conf:6 is not a NAME=value line"* ]]
}

@test "settings: what belongs together is demanded together" {
  refused 'AGENT_PACKAGE_URL=https://mirror.contoso.com/agent.tar.gz' 'AGENT_PACKAGE_URL needs AGENT_PACKAGE_SHA256'
  refused 'PROXY_USER=agents' 'PROXY_USER needs PROXY_PASSWORD_SECRET_URL'
  refused 'AUTH=service-principal' 'AGENT_PACKAGE_URL needs' # told before, and still true
  echo "AGENT_PACKAGE_URL=" >>"$conf"
  echo "PROXY_USER=" >>"$conf"
  settings
  [[ $output == *'KEY_VAULT_SECRET_URL is needed for AUTH=service-principal'* ]]
  [[ $output == *'needs SERVICE_PRINCIPAL_CLIENT_ID and SERVICE_PRINCIPAL_TENANT_ID'* ]]
}

@test "settings: nothing in the file is executed" {
  echo "AGENT_NAME=\$(touch $dir/executed)" >>"$conf"
  settings
  [ "$status" -eq 2 ]
  [ ! -e "$dir/executed" ]
}

@test "settings: the environment wins over the file, quotes are taken off" {
  echo 'PRIVATE_HOSTS="a.vault.azure.net b.azurecr.io"' >>"$conf"
  inside 'export ADO_AGENT_POOL=other; load_settings; echo "$POOL:$PRIVATE_HOSTS"'
  [ "$output" = 'other:a.vault.azure.net b.azurecr.io' ]
}

@test "settings: a file that others may write is refused to root" {
  [ "$EUID" -eq 0 ] || skip 'not root'
  chmod 666 "$conf"
  settings
  [ "$status" -eq 2 ]
  [[ $output == *'must belong to root and be writable by root alone'* ]]
}

@test "settings: the example names every setting, with its default, and is accepted" {
  inside 'define_settings; for name in "${SETTINGS[@]}"; do echo "$name=${DEFAULT[$name]}"; done'
  while IFS= read -r line; do
    case $line in
      AGENT_NAME=* | ORGANIZATION_URL=* | POOL=* | PRIVATE_HOSTS=* | PROXY_URL=* | PROXY_BYPASS=*) line=${line%%=*}= ;;
    esac
    grep -qE "^#?${line//./\\.}" "$kit/agent.conf.example" || { echo "missing: $line"; return 1; }
  done <<<"$output"
  install -m 644 "$kit/agent.conf.example" "$conf"
  settings
  [ "$output" = accepted ]
}

@test "prep: only what is missing is installed, in the newest name that the sources have" {
  cat >"$dir/fakes" <<'FAKES'
dpkg-query() { printf '%s installed\n' curl jq git openssl ca-certificates nftables procps libkrb5-3 zlib1g libssl3t64 $present; }
apt-cache() { printf '%s\n' libicu70 libicu74 libicu-dev liblttng-ust1t64 liblttng-ust-dev curl; }
apt-get() { echo "apt-get ${*: -2}"; }
FAKES
  inside "load_settings; present=; source '$dir/fakes'; install_packages"
  [ "$status" -eq 0 ]
  [[ $output == *'apt-get liblttng-ust1t64 libicu74' ]]
  inside "load_settings; present='liblttng-ust1t64 libicu74'; source '$dir/fakes'; install_packages"
  [ "$output" = '' ]
}

@test "package: a file whose hash differs is fatal, one that matches passes" {
  printf 'the package' >"$dir/agent.tar.gz"
  sha=$(sha256sum <"$dir/agent.tar.gz")
  fetch='load_settings; choose_package; DOWNLOAD=; mktemp() { echo "$dir/download"; }; download_package; cat "$DOWNLOAD"'
  printf 'AGENT_PACKAGE_URL=file://%s\nAGENT_PACKAGE_SHA256=%s\n' "$dir/agent.tar.gz" "${sha%% *}" >>"$conf"
  inside "$fetch"
  [ "$output" = 'the package' ]
  printf x >>"$dir/agent.tar.gz"
  inside "$fetch"
  [ "$status" -eq 1 ]
  [[ $output == *"expected ${sha%% *}"*'nothing was installed'* ]]
}

@test "package: the organization's list is read, latest or a version" {
  printf '{"value":[{"version":{"major":4,"minor":1,"patch":2},"downloadUrl":"https://d/a.tar.gz","hashValue":"ABCD"}]}' >"$dir/list"
  inside 'load_settings; api() { cp "$dir/list" "$RUN/answer.json"; }; choose_package; echo "$PACKAGE_VERSION $PACKAGE_URL $PACKAGE_SHA256"'
  [ "$output" = '4.1.2 https://d/a.tar.gz abcd' ]
  echo '{"count":0,"value":[]}' >"$dir/list"
  inside 'load_settings; api() { cp "$dir/list" "$RUN/answer.json"; }; choose_package'
  [ "$status" -eq 1 ]
  [[ $output == *'offers no agent package latest'* ]]
}

@test "package: the identity's token goes to storage accounts only" {
  printf 'AGENT_PACKAGE_URL=https://storage.contoso.com/a.tar.gz\nAGENT_PACKAGE_SHA256=%064d\nAGENT_PACKAGE_AUTH=managed-identity\n' 0 >>"$conf"
  inside 'load_settings; choose_package; mktemp() { echo "$dir/download"; }; identity_token() { touch "$dir/asked"; }; download_package'
  [ "$status" -eq 1 ]
  [[ $output == *'the token goes to no other host'* ]]
  [ ! -e "$dir/asked" ]
}

@test "self-test: RFC 1918 is private, all else is not" {
  for address in 10.0.0.1 172.16.0.1 172.31.255.1 192.168.1.1; do
    inside "is_private $address && echo private"
    [ "$output" = private ]
  done
  for address in 172.15.0.1 172.32.0.1 192.169.0.1 20.1.1.1 110.0.0.1; do
    inside "is_private $address || echo public"
    [ "$output" = public ]
  done
}

@test "self-test: each public name belongs to its zone" {
  while read -r name zone; do
    inside "private_zone $name"
    [ "$output" = "$zone" ]
  done <<'NAMES'
x.workspace.westeurope.api.azureml.ms privatelink.api.azureml.ms
ml-x.westeurope.notebooks.azure.net privatelink.notebooks.azure.net
st.blob.core.windows.net privatelink.blob.core.windows.net
st.file.core.windows.net privatelink.file.core.windows.net
kv.vault.azure.net privatelink.vaultcore.azure.net
cr.azurecr.io privatelink.azurecr.io
cr.westeurope.data.azurecr.io privatelink.azurecr.io
NAMES
}

@test "self-test: every way a connection fails has a cause and a fix" {
  for code in 5 7 28 35 51 60 99; do
    inside 'certificate_issuer() { echo CN=inspector; }; judge_connection st.blob.core.windows.net private 10.0.0.5 '"$code"
    jq -e '.result != "ok" and (.cause | length > 10) and (.fix | length > 5)' <<<"$output"
  done
  inside 'judge_connection st.blob.core.windows.net private 10.0.0.5 0'
  [ "$(jq -r .result <<<"$output")" = ok ]
}

@test "self-test: the probe names the zone of a public answer" {
  inside 'resolve() { echo 20.60.1.1; }; probe_private st.blob.core.windows.net'
  [ "$(jq -r .result <<<"$output")" = public ]
  [[ $(jq -r .fix <<<"$output") == *'--zone-name privatelink.blob.core.windows.net'* ]]
}

@test "secrets: quotes and backslashes survive curl's configuration" {
  printf 'a"b\\c\n' >"$dir/secret"
  inside 'quoted "$dir/secret"'
  [ "$output" = 'a\"b\\c' ]
}

@test "files: put replaces a planted link instead of following it, and tells a change from none" {
  [ "$EUID" -eq 0 ] || skip 'not root'
  echo precious >"$dir/precious"
  ln -s "$dir/precious" "$dir/target"
  inside 'put "$dir/target" 0640 <<<new; echo $CHANGED; CHANGED=false; put "$dir/target" 0640 <<<new; echo $CHANGED'
  [ "$output" = $'true\nfalse' ]
  [ "$(cat "$dir/precious")" = precious ]
  [ ! -L "$dir/target" ]
  [ "$(stat -c %a "$dir/target")" = 640 ]
}

@test "cloud-init: user-data is YAML that cloud-init understands, below Azure's 64 KB" {
  run "$kit/cloud-init/user-data.sh" "$conf"
  [ "$status" -eq 0 ]
  [ "${#output}" -lt 49152 ] # base64 adds a third
  [ "$(head -n 1 <<<"$output")" = '#cloud-config' ]
  tail -n +2 <<<"$output" | jq -e '.write_files | map(.path) | index("/usr/local/sbin/agent-init.sh") and index("/etc/ado-agent/agent.conf")'
  tail -n +2 <<<"$output" | jq -r '.write_files[] | select(.path == "/usr/local/sbin/agent-init.sh") | .content' | base64 -d | gunzip | cmp - "$script"
}

@test "units: sudo's drop-in takes back every setting that implies NoNewPrivileges" {
  # systemd.exec(5) lists them under NoNewPrivileges.
  for setting in SystemCallFilter SystemCallArchitectures RestrictAddressFamilies RestrictNamespaces PrivateDevices \
    ProtectKernelTunables ProtectKernelModules ProtectKernelLogs ProtectClock ProtectHostname RestrictRealtime RestrictSUIDSGID LockPersonality NoNewPrivileges; do
    if grep -q "^$setting=" "$kit/units/ado-agent.service"; then grep -qE "^$setting=(no)?$" "$kit/units/ado-agent.service.d/sudo.conf"; fi
  done
}

@test "units: none runs a script that a job could have written" {
  # The one exception runs as the agent's user, from a tree that root owns.
  run grep -rhE '^Exec[A-Za-z]*=.' "$kit/units"
  while IFS= read -r line; do
    [[ $line =~ =[+-]*(/usr/local/sbin/agent-init.sh|/usr/sbin/nft|/bin/true) || $line == ExecStart=/opt/ado-agent/runsvc.sh ]]
  done <<<"$output"
  grep -q '^User=azdo' "$kit/units/ado-agent.service"
}
