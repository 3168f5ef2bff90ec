#!/usr/bin/env bash
# Installs, registers, checks and removes one self-hosted Azure Pipelines agent on this machine.
# `agent-init.sh --help` lists the verbs, agent.conf.example the settings, README.md the reasons.
set -Eeuo pipefail
# The last part of a pipeline runs in this shell, so that what it sets stays set.
shopt -s lastpipe
umask 027
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C

readonly AGENT_USER=azdo AGENT_HOME=/var/lib/azdo ROOT=/opt/ado-agent STATE=/var/lib/ado-agent
readonly SELF=/usr/local/sbin/agent-init.sh SHARE=/usr/local/share/ado-agent SYSTEMD=/etc/systemd/system
readonly METADATA=http://169.254.169.254/metadata
# The application id of Azure DevOps in every Entra tenant.
readonly AZURE_DEVOPS=499b84ac-1321-427f-aa17-267ca6975798
CONFIG=${ADO_AGENT_CONFIG:-/etc/ado-agent/agent.conf}
SOURCE_DIR=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
RUN='' DOWNLOAD='' JSON=false CHANGED=false

# --- messages -------------------------------------------------------------------------------------------------------

log() { printf '%s %s\n' "$(date -u +%FT%TZ)" "$*" >&2; }
warn() { log "WARNING: $*"; }
die() {
  log "ERROR: $*"
  if [[ -n $RUN ]]; then : >"$RUN/explained"; fi
  exit 1
}
failed() { # a verdict that was printed already
  : >"$RUN/explained"
  exit 1
}
unexpected() { # unexpected COMMAND LINE: what no sentence of ours has explained is our defect
  [[ -e $RUN/explained ]] || log "ERROR: unexpected failure of '$1' in line $2; please report it"
}
usage_error() {
  log "ERROR: $*"
  exit 2
}

# --- settings -------------------------------------------------------------------------------------------------------

declare -A DEFAULT=() PATTERN=() RULE=()
SETTINGS=()

define() { # define NAME DEFAULT PATTERN RULE: a value must match the pattern; the rule says so to people
  SETTINGS+=("$1")
  DEFAULT[$1]=$2 PATTERN[$1]=$3 RULE[$1]=$4
}

define_settings() {
  local guid='^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' bool='^(true|false)$' count='^[1-9][0-9]{0,5}$'
  local hosts='^[a-z0-9]([a-z0-9.-]*[a-z0-9])?( +[a-z0-9]([a-z0-9.-]*[a-z0-9])?)*$'
  local secret='^https://[a-zA-Z0-9-]+\.vault\.(azure\.net|azure\.cn|usgovcloudapi\.net)/secrets/[a-zA-Z0-9-]+(/[0-9a-f]{32})?$'
  local secret_rule='must be the https address of a Key Vault secret, such as https://kv.vault.azure.net/secrets/name'
  define ORGANIZATION_URL '' '^https://(dev\.azure\.com/[a-zA-Z0-9][a-zA-Z0-9-]*|[a-zA-Z0-9-]+\.visualstudio\.com)$' \
    'must be https://dev.azure.com/<organization> or https://<organization>.visualstudio.com'
  define POOL '' '^[^/"$@<>]{1,64}$' "must be the agent pool's name"
  define AGENT_NAME "$(uname -n)" '^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$' 'must be 1 to 64 letters, digits, dots, dashes or underscores'
  define AUTH managed-identity '^(managed-identity|service-principal|pat)$' 'must be managed-identity, service-principal or pat'
  define IDENTITY_CLIENT_ID '' "$guid" 'must be the client id (a GUID) of a user-assigned identity of this machine'
  define SERVICE_PRINCIPAL_CLIENT_ID '' "$guid" 'must be the client id (a GUID) of the service principal'
  define SERVICE_PRINCIPAL_TENANT_ID '' "$guid" 'must be the tenant id (a GUID) of the service principal'
  define KEY_VAULT_SECRET_URL '' "$secret" "$secret_rule"
  define AUTHORITY_HOST https://login.microsoftonline.com '^https://[a-z0-9.-]+$' 'must be the https address of the Entra login host'
  define AGENT_VERSION latest '^(latest|[0-9]+\.[0-9]+\.[0-9]+)$' "must be 'latest' or a version such as 4.260.0"
  define AGENT_PACKAGE_URL '' '^(https|file)://[^ "]+$' 'must be an https:// or file:// address of the agent package'
  define AGENT_PACKAGE_SHA256 '' '^[0-9a-fA-F]{64}$' 'must be the 64 hexadecimal digits of the package'"'"'s SHA-256'
  define AGENT_PACKAGE_AUTH none '^(none|managed-identity)$' 'must be none, or managed-identity for a private storage account'
  define WORK_DIR "$ROOT/_work" '^/[a-zA-Z0-9._/-]+$' 'must be an absolute path without blanks'
  define TOOL_CACHE /opt/hostedtoolcache '^/[a-zA-Z0-9._/-]+$' 'must be an absolute path without blanks'
  define ONCE false "$bool" 'must be true or false'
  define DEREGISTER_ON_SHUTDOWN false "$bool" 'must be true or false'
  define ALLOW_SUDO false "$bool" 'must be true or false'
  define ALLOW_DOCKER false "$bool" 'must be true or false'
  define ALLOW_JOB_IDENTITY false "$bool" 'must be true or false'
  define PRIVATE_HOSTS '' "$hosts" 'must be host names in lower case, separated by blanks'
  define EGRESS_HOSTS '' "$hosts" 'must be host names in lower case, separated by blanks'
  define SELFTEST enforce '^(enforce|warn)$' 'must be enforce or warn'
  define PROXY_URL '' '^https?://[a-zA-Z0-9.-]+(:[0-9]{1,5})?$' 'must be http(s)://host[:port], without a user or a password'
  define PROXY_BYPASS '' '^[a-z0-9.-]+( +[a-z0-9.-]+)*$' 'must be host names or .suffixes in lower case, separated by blanks'
  define PROXY_USER '' '^[^ ":]+$' 'must be a user name'
  define PROXY_PASSWORD_SECRET_URL '' "$secret" "$secret_rule"
  define CA_FILE '' '^/[^ ]+$' 'must be the absolute path of a PEM file'
  define LOG_RETENTION_DAYS 14 "$count" 'must be a number of days'
  define LOG_MAX_MB 512 "$count" 'must be a number of megabytes'
  define WORK_RETENTION_DAYS 7 "$count" 'must be a number of days'
  define DISK_MAX_PERCENT 85 '^[1-9][0-9]$' 'must be a percentage from 10 to 99'
  define DRAIN_TIMEOUT_MINUTES 60 "$count" 'must be a number of minutes'
}

PROBLEMS=()
problem() { PROBLEMS+=("$*"); }

read_config() { # NAME=value lines; nothing in the file is executed
  local line number=0 name value quoted='^"([^"]*)"$|^'"'([^']*)'"'$'
  [[ -e $CONFIG ]] || return 0
  [[ -r $CONFIG ]] || usage_error "$CONFIG cannot be read"
  if [[ $EUID -eq 0 && -n $(find -L "$CONFIG" \( ! -user root -o -perm /022 \)) ]]; then
    usage_error "$CONFIG must belong to root and be writable by root alone: chown root:root $CONFIG; chmod go-w $CONFIG"
  fi
  while IFS= read -r line || [[ -n $line ]]; do
    number=$((number + 1))
    [[ $line =~ ^[[:space:]]*(#|$) ]] && continue
    if [[ ! $line =~ ^([A-Z_0-9]+)=(.*)$ ]]; then
      problem "$CONFIG:$number is not a NAME=value line"
      continue
    fi
    name=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
    [[ $value =~ $quoted ]] && value=${BASH_REMATCH[1]}${BASH_REMATCH[2]}
    if [[ -z ${PATTERN[$name]:-} ]]; then
      problem "$CONFIG:$number: there is no setting $name"
    else
      printf -v "$name" '%s' "$value"
    fi
  done <"$CONFIG"
}

load_settings() { # defaults, then the file, then ADO_AGENT_<NAME> of the environment
  local name from_environment
  define_settings
  for name in "${SETTINGS[@]}"; do printf -v "$name" '%s' "${DEFAULT[$name]}"; done
  read_config
  for name in "${SETTINGS[@]}"; do
    from_environment=ADO_AGENT_$name
    if [[ -v $from_environment ]]; then printf -v "$name" '%s' "${!from_environment}"; fi
    if [[ $name == ORGANIZATION_URL ]]; then ORGANIZATION_URL=${ORGANIZATION_URL%/}; fi
    if [[ -n ${!name} && ! ${!name} =~ ${PATTERN[$name]} ]]; then problem "$name ${RULE[$name]}, not '${!name}'"; fi
    if [[ -z ${!name} && -n ${DEFAULT[$name]} ]]; then problem "$name ${RULE[$name]}, not empty"; fi
  done
  [[ -n $AGENT_PACKAGE_URL && -z $AGENT_PACKAGE_SHA256 ]] &&
    problem 'AGENT_PACKAGE_URL needs AGENT_PACKAGE_SHA256: a mirror cannot vouch for itself'
  [[ -n $PROXY_USER && -z $PROXY_PASSWORD_SECRET_URL ]] && problem 'PROXY_USER needs PROXY_PASSWORD_SECRET_URL'
  [[ -n $PROXY_PASSWORD_SECRET_URL && -z $PROXY_USER ]] && problem 'PROXY_PASSWORD_SECRET_URL needs PROXY_USER'
  [[ -n $CA_FILE ]] && ! grep -qs 'BEGIN CERTIFICATE' "$CA_FILE" && problem "CA_FILE: $CA_FILE holds no PEM certificate"
  [[ $ONCE == true ]] && DEREGISTER_ON_SHUTDOWN=true
  report_problems
}

require_registration_settings() {
  [[ -n $ORGANIZATION_URL ]] || problem "ORGANIZATION_URL ${RULE[ORGANIZATION_URL]}; it is not set"
  [[ -n $POOL ]] || problem "POOL ${RULE[POOL]}; it is not set"
  if [[ $AUTH != managed-identity && -z $KEY_VAULT_SECRET_URL ]]; then
    problem "KEY_VAULT_SECRET_URL is needed for AUTH=$AUTH; it ${RULE[KEY_VAULT_SECRET_URL]}"
  fi
  if [[ $AUTH == service-principal && (-z $SERVICE_PRINCIPAL_CLIENT_ID || -z $SERVICE_PRINCIPAL_TENANT_ID) ]]; then
    problem 'AUTH=service-principal needs SERVICE_PRINCIPAL_CLIENT_ID and SERVICE_PRINCIPAL_TENANT_ID'
  fi
  report_problems
}

report_problems() { # all of them at once
  local each
  ((${#PROBLEMS[@]})) || return 0
  for each in "${PROBLEMS[@]}"; do log "ERROR: $each"; done
  exit 2
}

# --- files ----------------------------------------------------------------------------------------------------------

# put FILE MODE [OWNER[:GROUP]] <content: writes a file whole or not at all and sets CHANGED when it differs.
# A rename never follows a link that the agent's user may have planted under that name.
put() {
  local file=$1 mode=$2 owner=${3:-root:root} new
  new=$(mktemp -p "$(dirname "$file")" .put.XXXXXX)
  cat >"$new"
  chown "$owner" "$new"
  chmod "$mode" "$new"
  if [[ -f $file && ! -L $file ]] && cmp -s "$new" "$file" &&
    [[ $(stat -c '%a %U %G' "$new") == "$(stat -c '%a %U %G' "$file")" ]]; then
    rm -f "$new"
  else
    mv -fT "$new" "$file"
    CHANGED=true
  fi
}

drop() { # drop FILE: removes it and sets CHANGED when it was there
  if [[ -e $1 || -L $1 ]]; then
    rm -f "$1"
    CHANGED=true
  fi
}

prepare_run_directory() { # secrets live here only: in memory, for root alone, until this run ends
  RUN=$(mktemp -d -p /run ado-agent.XXXXXX)
  trap 'rm -rf "$RUN" ${DOWNLOAD:+"$DOWNLOAD"}' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  chmod 700 "$RUN"
  unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
}

require_root() { [[ $EUID -eq 0 ]] || usage_error "$1 must run as root"; }

one_at_a_time() {
  exec 9>/run/ado-agent.lock
  flock -w 900 9 || die 'another agent-init.sh has been running for 15 minutes; see: ps -ef | grep agent-init'
}

# --- requests -------------------------------------------------------------------------------------------------------

http() { # curl through the proxy, https only, with back-off for what passes
  curl -sS --proto '=https' --proto-redir '=https' --tlsv1.2 --connect-timeout 10 --max-time 60 \
    --retry 4 --retry-connrefused --retry-max-time 60 -K "$RUN/network.curl" "$@"
}

metadata() { # metadata PATH?QUERY [curl options]: answered by the host platform, never through a proxy
  curl -sS --noproxy '*' --connect-timeout 5 --max-time 20 --retry 4 --retry-connrefused -H 'Metadata: true' "${@:2}" "$METADATA/$1"
}

url_encode() { jq -rn --arg text "$1" '$text | @uri'; }

identity_token() { # identity_token RESOURCE FILE: a token of this machine's identity
  local query status
  query="api-version=2018-02-01&resource=$(url_encode "$1")"
  if [[ -n $IDENTITY_CLIENT_ID ]]; then query+="&client_id=$IDENTITY_CLIENT_ID"; fi
  status=$(metadata "identity/oauth2/token?$query" -o "$RUN/identity.json" -w '%{http_code}') ||
    die 'the metadata service 169.254.169.254 does not answer: is this an Azure VM, and is the address reachable for root?'
  if [[ $status != 200 ]]; then
    die "the machine has no usable managed identity (HTTP $status: $(jq -r '.error_description // .error // empty' "$RUN/identity.json" 2>/dev/null)): assign one, and set IDENTITY_CLIENT_ID when there are several"
  fi
  jq -er .access_token "$RUN/identity.json" >"$2" || die 'the metadata service answered without a token'
  rm -f "$RUN/identity.json"
}

quoted() { # quoted FILE: its first line as curl's configuration wants it between double quotes
  local text
  IFS= read -r text <"$1" || true
  text=${text//\\/\\\\}
  printf '%s' "${text//\"/\\\"}"
}

bearer() { printf 'header = "Authorization: Bearer %s"\n' "$(quoted "$1")"; } # a builtin: the token is on no command line

key_vault_secret() { # key_vault_secret URL FILE
  local host status
  host=${1#https://} host=${host%%/*}
  identity_token "https://${host#*.}" "$RUN/vault-token"
  bearer "$RUN/vault-token" >"$RUN/vault.curl"
  status=$(http --noproxy '*' -K "$RUN/vault.curl" -o "$RUN/secret.json" -w '%{http_code}' "$1?api-version=7.4") ||
    die "Key Vault $host cannot be reached: run '$0 selftest' with the vault in PRIVATE_HOSTS"
  case $status in
    200) jq -er .value "$RUN/secret.json" >"$2" || die "$1 has no value" ;;
    403) die "this machine's identity may not read $1: give it the role Key Vault Secrets User" ;;
    404) die "$1 does not exist" ;;
    *) die "Key Vault answered HTTP $status for $1" ;;
  esac
  rm -f "$RUN/vault-token" "$RUN/vault.curl" "$RUN/secret.json"
}

service_principal_token() { # service_principal_token FILE: for the REST API, by the secret in $RUN/secret
  local status
  printf 'client_id=%s&grant_type=client_credentials&scope=%s%%2F.default&client_secret=%s' \
    "$SERVICE_PRINCIPAL_CLIENT_ID" "$AZURE_DEVOPS" "$(jq -Rr '@uri' "$RUN/secret")" >"$RUN/form"
  status=$(http --data-binary "@$RUN/form" -o "$RUN/token.json" -w '%{http_code}' \
    "$AUTHORITY_HOST/$SERVICE_PRINCIPAL_TENANT_ID/oauth2/v2.0/token") || die "$AUTHORITY_HOST cannot be reached"
  [[ $status == 200 ]] ||
    die "Entra refuses the service principal (HTTP $status: $(jq -r '.error_description // .error // empty' "$RUN/token.json" 2>/dev/null | head -n 1)): is the secret in Key Vault still valid?"
  jq -er .access_token "$RUN/token.json" >"$1" || die 'Entra answered without a token'
  rm -f "$RUN/form" "$RUN/token.json"
}

past_proxy() { # the names that are reached directly, separated by single blanks
  tr -s ' ' <<<"$PRIVATE_HOSTS $PROXY_BYPASS" | sed 's/^ //; s/ $//'
}

use_network_settings() { # into $RUN/network.curl, which every request reads: the authority and the proxy
  local past_proxy
  : >"$RUN/network.curl"
  if [[ -n $CA_FILE ]]; then
    # The self-test comes before the authority is in the system's store.
    cat /etc/ssl/certs/ca-certificates.crt "$CA_FILE" >"$RUN/authorities.pem" 2>/dev/null || true
    printf 'cacert = "%s"\n' "$RUN/authorities.pem" >>"$RUN/network.curl"
  fi
  [[ -n $PROXY_URL ]] || return 0
  past_proxy=$(past_proxy)
  {
    printf 'proxy = "%s"\n' "$PROXY_URL"
    printf 'noproxy = "169.254.169.254,168.63.129.16%s"\n' "${past_proxy:+,${past_proxy// /,}}"
  } >>"$RUN/network.curl"
  if [[ -n $PROXY_USER ]]; then
    key_vault_secret "$PROXY_PASSWORD_SECRET_URL" "$RUN/proxy-password"
    printf 'proxy-user = "%s:%s"\n' "$PROXY_USER" "$(quoted "$RUN/proxy-password")" >>"$RUN/network.curl"
  fi
}

AUTHENTICATED_AT=0

authenticate() { # fills $RUN/secret (for the agent's own configuration) and $RUN/organization.curl (for the REST API)
  case $AUTH in
    managed-identity)
      identity_token "$AZURE_DEVOPS" "$RUN/secret"
      bearer "$RUN/secret" >"$RUN/organization.curl"
      ;;
    service-principal)
      key_vault_secret "$KEY_VAULT_SECRET_URL" "$RUN/secret"
      service_principal_token "$RUN/token"
      bearer "$RUN/token" >"$RUN/organization.curl"
      ;;
    pat)
      warn 'AUTH=pat: a personal access token acts as a person and expires without notice; prefer AUTH=managed-identity'
      key_vault_secret "$KEY_VAULT_SECRET_URL" "$RUN/secret"
      printf 'user = ":%s"\n' "$(quoted "$RUN/secret")" >"$RUN/organization.curl"
      ;;
  esac
  AUTHENTICATED_AT=$SECONDS
}

api() { # api METHOD PATH [curl options]: the answer is in $RUN/answer.json
  local status
  # Waiting for a job may outlast a token.
  ((SECONDS - AUTHENTICATED_AT < 1200)) || authenticate
  status=$(http -X "$1" -K "$RUN/organization.curl" -H 'Accept: application/json' "${@:3}" -o "$RUN/answer.json" -w '%{http_code}' \
    "$ORGANIZATION_URL/_apis/distributedtask/$2") || die "$ORGANIZATION_URL cannot be reached: run '$0 selftest'"
  case $status in
    200 | 201 | 204) ;;
    203 | 302 | 401) die "$ORGANIZATION_URL refuses the credential (HTTP $status): $(credential_hint)" ;;
    403) die "$ORGANIZATION_URL forbids it (HTTP 403): the identity needs the role Administrator on pool '$POOL'" ;;
    *) die "$ORGANIZATION_URL answered HTTP $status for $1 $2: $(jq -r '.message // empty' "$RUN/answer.json" 2>/dev/null)" ;;
  esac
}

credential_hint() {
  case $AUTH in
    managed-identity) echo "the token may have expired, or the machine's identity is not a user of the organization; add it under Organization settings > Users and run this again" ;;
    service-principal) echo 'the service principal is not a user of the organization; add it under Organization settings > Users' ;;
    pat) echo 'the token in Key Vault has expired or lacks the scope Agent Pools (read & manage)' ;;
  esac
}

POOL_ID=''

find_pool() { # sets POOL_ID; the pool as the server sees it is in $RUN/pool.json
  api GET "pools?poolName=$(url_encode "$POOL")&api-version=7.1"
  jq -e --arg name "$POOL" '[.value[] | select(.name == $name)][0] // empty' "$RUN/answer.json" >"$RUN/pool.json" ||
    die "$ORGANIZATION_URL has no pool '$POOL' that this identity may see: create it, and give the identity the role Administrator on it"
  POOL_ID=$(jq -r .id "$RUN/pool.json")
}

find_agent() { # this agent as the server sees it, in $RUN/agent.json; false when there is none
  # shellcheck disable=SC2153  # a setting, read by load_settings
  api GET "pools/$POOL_ID/agents?agentName=$(url_encode "$AGENT_NAME")&includeAssignedRequest=true&api-version=7.1"
  jq -e --arg name "$AGENT_NAME" '[.value[] | select(.name == $name)][0] // empty' "$RUN/answer.json" >"$RUN/agent.json"
}

# --- self-test: private names, TLS and egress, each failure with its cause and its fix ---------------------------------

private_zone() { # private_zone HOST: the private DNS zone that serves this public name; empty when we know none
  local host=$1
  case $host in
    *.api.azureml.ms | *.inference.ml.azure.com | *.instances.azureml.ms) echo privatelink.api.azureml.ms ;;
    *.notebooks.azure.net | *.aznbcontent.net) echo privatelink.notebooks.azure.net ;;
    *.blob.core.windows.net | *.file.core.windows.net | *.dfs.core.windows.net | *.queue.core.windows.net | *.table.core.windows.net)
      echo "privatelink.${host#*.}"
      ;;
    *.vault.azure.net) echo privatelink.vaultcore.azure.net ;;
    *.azurecr.io) echo privatelink.azurecr.io ;;
  esac
}

is_private() { # is_private IPV4: RFC 1918
  [[ $1 =~ ^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.) ]]
}

resolve() { getent ahostsv4 "$1" 2>/dev/null | awk 'NR == 1 { print $1 }' || true; }

certificate_issuer() { # as the agent sees it; never through the proxy, which tunnels anyway
  timeout 10 openssl s_client -connect "$1:443" -servername "$1" </dev/null 2>/dev/null |
    openssl x509 -noout -issuer 2>/dev/null | sed 's/^issuer=[[:space:]]*//' || true
}

finding() { # finding NAME KIND ADDRESS RESULT [CAUSE FIX]: one line of JSON
  jq -nc --arg name "$1" --arg kind "$2" --arg address "$3" --arg result "$4" --arg cause "${5:-}" --arg fix "${6:-}" \
    '{name: $name, kind: $kind, address: $address, result: $result}
     + (if $cause == "" then {} else {cause: $cause, fix: $fix} end)'
}

connect() { # connect HOST [curl options]: prints curl's exit code; any HTTP status counts as reached
  local code=0
  curl -sS -o /dev/null --proto '=https' --tlsv1.2 --connect-timeout 5 --max-time 10 "${@:2}" "https://$1/" 2>/dev/null || code=$?
  echo "$code"
}

probe_private() { # probe_private HOST
  local host=$1 address zone code
  address=$(resolve "$host")
  zone=$(private_zone "$host")
  zone=${zone:-"of this service"}
  if [[ -z $address ]]; then
    finding "$host" private '' unresolved "the name has no address here: private DNS zone $zone has no record for it, or this network's DNS does not ask that zone" \
      "check the private endpoint's DNS zone group and the link of zone $zone to this virtual network; a DNS server of your own must forward to 168.63.129.16"
  elif ! is_private "$address"; then
    finding "$host" private "$address" public "the name has the public address $address: private DNS zone $zone is not linked to this virtual network" \
      "link it: az network private-dns link vnet create --zone-name $zone --virtual-network <this network> --registration-enabled false --name <name> --resource-group <zone's group>"
  else
    code=$(connect "$host" -K "$RUN/network.curl" --noproxy '*')
    judge_connection "$host" private "$address" "$code"
  fi
}

probe_egress() { # probe_egress HOST
  local host=$1 address='' code
  if [[ -z $PROXY_URL || " $PROXY_BYPASS " == *" $host "* ]]; then
    address=$(resolve "$host")
    if [[ -z $address ]]; then
      finding "$host" egress '' unresolved 'the name has no address here' "let this network's DNS resolve public names, or set PROXY_URL"
      return
    fi
  fi
  code=$(connect "$host" -K "$RUN/network.curl")
  judge_connection "$host" egress "$address" "$code"
}

judge_connection() { # judge_connection HOST KIND ADDRESS CURL_EXIT_CODE
  local host=$1 kind=$2 address=$3 code=$4 where=${3:-the proxy} open
  open="allow TCP 443 from this subnet to $host in the network security group and the firewall"
  if [[ $kind == private ]]; then
    open="check that the peering is Connected on both sides and that the network security group lets TCP 443 from this subnet to $address"
  fi
  case $code in
    0 | 52 | 56) finding "$host" "$kind" "$address" ok ;;
    5) finding "$host" "$kind" "$address" unresolved "the proxy's name has no address" 'check PROXY_URL' ;;
    7 | 28) finding "$host" "$kind" "$address" unreachable "no connection to $where, port 443: it is dropped, refused or not routed" "$open" ;;
    51 | 60) finding "$host" "$kind" "$address" untrusted "the certificate is not trusted for $host (issuer: $(certificate_issuer "$host")): TLS inspection on the way, or an unknown authority" \
      "exempt $host from TLS inspection, or set CA_FILE to the authority's certificate" ;;
    35) finding "$host" "$kind" "$address" no-tls "$where does not speak TLS on port 443" "$open; a firewall may reset connections to this name" ;;
    *) finding "$host" "$kind" "$address" failed "curl failed with exit code $code" "try: curl -v https://$host/" ;;
  esac
}

egress_hosts() { # what registration itself needs, and what the configuration adds
  local host organization
  host=${ORGANIZATION_URL#https://} host=${host%%/*}
  organization=${ORGANIZATION_URL##*/} organization=${organization%%.*}
  [[ -n $host ]] && echo "$host"
  if [[ -n $organization ]]; then
    echo "$organization.vssps.visualstudio.com"
    echo "$organization.vsblob.visualstudio.com"
  fi
  [[ $AUTH == service-principal ]] && echo "${AUTHORITY_HOST#https://}"
  echo login.microsoftonline.com
  [[ -z $AGENT_PACKAGE_URL ]] && echo download.agent.dev.azure.com
  [[ $AGENT_PACKAGE_URL == https://* ]] && [[ $AGENT_PACKAGE_AUTH == none ]] && sed -E 's#https://([^/:]+).*#\1#' <<<"$AGENT_PACKAGE_URL"
  if [[ -n $EGRESS_HOSTS ]]; then tr -s ' ' '\n' <<<"$EGRESS_HOSTS"; fi
}

probe_metadata() {
  local status
  status=$(metadata 'instance/compute?api-version=2021-02-01' --retry 0 -o /dev/null -w '%{http_code}' 2>/dev/null) || status=none
  if [[ $status == 200 ]]; then
    finding 169.254.169.254 metadata 169.254.169.254 ok
  else
    finding 169.254.169.254 metadata 169.254.169.254 unreachable "the metadata service does not answer (HTTP $status)" \
      'this needs an Azure VM; do not route, proxy or filter 169.254.169.254 for root'
  fi
}

probe_clock() { # probe_clock SECONDS...: the agent's tokens are refused when the clock is more than some minutes off
  local server here difference
  curl -sS -o /dev/null -D "$RUN/clock" --connect-timeout 5 --max-time 10 -K "$RUN/network.curl" "$ORGANIZATION_URL/" 2>/dev/null || return 0
  server=$(sed -nE 's/^[Dd]ate: *(.*)\r$/\1/p' "$RUN/clock" | tail -n 1)
  server=$(date -d "${server:-unknown}" +%s 2>/dev/null) || return 0
  here=$(date +%s) difference=$((here - server))
  if ((${difference#-} <= 240)); then
    finding clock clock '' ok
  else
    finding clock clock '' skewed "this machine's clock is $difference seconds away from $ORGANIZATION_URL's" 'enable time synchronisation: timedatectl set-ntp true'
  fi
}

run_selftest() { # runs every probe side by side; the report is $STATE/selftest.json; false when something failed
  local host number=0
  mkdir -p "$RUN/probes"
  probe_metadata >"$RUN/probes/000" &
  [[ -n $ORGANIZATION_URL ]] && { probe_clock >"$RUN/probes/001" & }
  for host in $PRIVATE_HOSTS; do
    number=$((number + 1))
    probe_private "$host" >"$RUN/probes/1$(printf %03d "$number")" &
  done
  for host in $(egress_hosts | sort -u); do
    number=$((number + 1))
    probe_egress "$host" >"$RUN/probes/2$(printf %03d "$number")" &
  done
  wait
  cat "$RUN"/probes/* | jq -s --arg time "$(date -u +%FT%TZ)" --arg agent "$AGENT_NAME" \
    '{time: $time, agent: $agent, ok: all(.[]; .result == "ok"), checks: .}' >"$RUN/selftest.json"
  if [[ $EUID -eq 0 ]]; then
    install -d -m 0755 "$STATE"
    put "$STATE/selftest.json" 0644 <"$RUN/selftest.json"
  fi
  jq -r '.checks[] | if .result == "ok" then "ok    \(.kind) \(.name) \(.address)"
    else "FAIL  \(.kind) \(.name): \(.cause)\n      fix: \(.fix)" end' "$RUN/selftest.json" >&2
  jq -e .ok "$RUN/selftest.json" >/dev/null
}

# --- prep: everything that needs no organization -------------------------------------------------------------------------

install_packages() { # from this distribution's own sources (a mirror of yours included); never the agent's own installer script
  local missing=() need found options=() installed
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' 2>/dev/null || true)
  # The tools of this script, then the libraries of the agent's runtime; names differ between releases.
  for need in curl jq git openssl ca-certificates nftables procps 'libkrb5-3' 'zlib1g' 'libssl3(t64)?' \
    'liblttng-ust[0-9]+(t64)?' 'libicu[0-9]+(t64)?'; do
    grep -qE "^$need installed$" <<<"$installed" || missing+=("$need")
  done
  ((${#missing[@]})) || return 0
  command -v apt-get >/dev/null || die "packages are missing (${missing[*]}) and there is no apt-get: this supports Debian 12 and Ubuntu 22.04 and 24.04"
  if [[ -n $PROXY_URL && -z $PROXY_USER ]]; then options=(-o "Acquire::http::Proxy=$PROXY_URL" -o "Acquire::https::Proxy=$PROXY_URL"); fi
  # On a fresh machine the system's own updates may hold the lock for minutes.
  options+=(-o DPkg::Lock::Timeout=600)
  log "installing packages: ${missing[*]}"
  apt-get "${options[@]}" update -qq >&2 || die 'apt-get update failed: the package sources of this machine are out of reach; set a mirror in /etc/apt/sources.list.d'
  found=()
  for need in "${missing[@]}"; do
    need=$(apt-cache pkgnames | grep -xE "$need" | sort -V | tail -n 1) || die "the package sources have no package like '$need'"
    found+=("$need")
  done
  DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" install -y -qq --no-install-recommends "${found[@]}" >&2 ||
    die "apt-get could not install: ${found[*]}"
}

create_user_and_directories() {
  if ! id "$AGENT_USER" >/dev/null 2>&1; then
    useradd --system --user-group --create-home --home-dir "$AGENT_HOME" --shell /usr/sbin/nologin "$AGENT_USER"
  fi
  [[ $(id -u "$AGENT_USER") -ne 0 ]] || die "the user $AGENT_USER is root: remove it"
  install -d -m 0755 /etc/ado-agent "$STATE" "$SHARE"
  # Sticky: the agent may add its own state files here, and can neither replace nor remove root's.
  [[ -d $ROOT ]] || install -d -o root -g "$AGENT_USER" -m 1770 "$ROOT"
  make_for_agent "$ROOT/_diag"
  make_for_agent "$WORK_DIR"
  make_for_agent "$TOOL_CACHE"
}

make_for_agent() { # only a directory that is not there yet changes hands: an existing one could be a planted link
  [[ -e $1 || -L $1 ]] || install -d -o "$AGENT_USER" -g "$AGENT_USER" -m 0750 "$1"
}

install_certificate() { # into the system's store, which the agent itself reads; git and node are told in .env
  local target=/usr/local/share/ca-certificates/ado-agent.crt before=$CHANGED
  CHANGED=false
  if [[ -n $CA_FILE ]]; then put "$target" 0644 <"$CA_FILE"; else drop "$target"; fi
  if [[ $CHANGED == true ]]; then update-ca-certificates >/dev/null 2>&1 || die 'update-ca-certificates failed'; else CHANGED=$before; fi
}

install_share() { # this script and its units where the units look for them
  local file
  [[ $SOURCE_DIR != "${SELF%/*}" ]] || {
    [[ -d $SHARE/units ]] || die "$SHARE/units is missing: copy agent-bootstrap/units there"
    return 0
  }
  put "$SELF" 0755 <"$SOURCE_DIR/agent-init.sh"
  install -d -m 0755 "$SHARE/units" "$SHARE/units/ado-agent.service.d"
  while IFS= read -r file; do put "$SHARE/units/$file" 0644 <"$SOURCE_DIR/units/$file"; done \
    < <(cd "$SOURCE_DIR/units" && find . -type f -printf '%P\n')
  put "$SHARE/agent.conf.example" 0644 <"$SOURCE_DIR/agent.conf.example"
}

allow_docker_and_sudo() {
  if [[ $ALLOW_SUDO == true ]]; then
    [[ -d /etc/sudoers.d ]] || die 'ALLOW_SUDO=true, but sudo is not installed'
    warn 'ALLOW_SUDO=true: every job on this agent can become root, read this machine'"'"'s identity and change the agent'
    put /etc/sudoers.d/ado-agent 0440 <<<"$AGENT_USER ALL=(ALL) NOPASSWD: ALL"
  else
    drop /etc/sudoers.d/ado-agent
  fi
  if [[ $ALLOW_DOCKER == true ]]; then
    getent group docker >/dev/null || die 'ALLOW_DOCKER=true, but there is no group docker: install Docker first'
    warn 'ALLOW_DOCKER=true: every job on this agent can become root through the Docker daemon'
  fi
}

prep() {
  install_packages
  create_user_and_directories
  install_certificate
  install_share
  allow_docker_and_sudo
}

# --- the agent package -------------------------------------------------------------------------------------------------

platform() {
  case $(uname -m) in
    x86_64) echo linux-x64 ;;
    aarch64) echo linux-arm64 ;;
    *) die "there is no agent for $(uname -m)" ;;
  esac
}

PACKAGE_URL='' PACKAGE_SHA256='' PACKAGE_VERSION=''

choose_package() { # from the organization's own list, with its hash, or from where the settings say
  local version=''
  if [[ -n $AGENT_PACKAGE_URL ]]; then
    PACKAGE_URL=$AGENT_PACKAGE_URL PACKAGE_SHA256=${AGENT_PACKAGE_SHA256,,} PACKAGE_VERSION=${AGENT_PACKAGE_URL##*/}
    return
  fi
  if [[ $AGENT_VERSION != latest ]]; then version=/$AGENT_VERSION; fi
  api GET "packages/agent/$(platform)$version?\$top=1&api-version=7.1"
  jq -e '(.value[0]? // .) | {url: .downloadUrl, sha256: .hashValue, version: (.version | "\(.major).\(.minor).\(.patch)")} | select(.url and .sha256)' \
    "$RUN/answer.json" >"$RUN/package.json" || die "$ORGANIZATION_URL offers no agent package ${AGENT_VERSION} for $(platform)"
  PACKAGE_URL=$(jq -r .url "$RUN/package.json") PACKAGE_VERSION=$(jq -r .version "$RUN/package.json")
  PACKAGE_SHA256=$(jq -r '.sha256 | ascii_downcase' "$RUN/package.json")
  if [[ -n $AGENT_PACKAGE_SHA256 && ${AGENT_PACKAGE_SHA256,,} != "$PACKAGE_SHA256" ]]; then
    die "the organization's package $PACKAGE_VERSION has SHA-256 $PACKAGE_SHA256, AGENT_PACKAGE_SHA256 demands ${AGENT_PACKAGE_SHA256,,}: pin AGENT_VERSION to the version that you have checked"
  fi
}

tree_intact() { # every file as unpacked, owned by root, writable by root alone
  [[ -f $STATE/manifest ]] || return 1
  (cd "$ROOT" && sha256sum --check --status "$STATE/manifest" 2>/dev/null) || return 1
  [[ -z $(find "$ROOT/bin" "$ROOT/externals" \( ! -user root -o \( ! -type l -perm /022 \) \) -print -quit) ]]
}

package_installed() {
  [[ -f $STATE/package.json && $(jq -r .sha256 "$STATE/package.json") == "$PACKAGE_SHA256" ]] && tree_intact
}

download_package() { # into $DOWNLOAD, checked; before anything on this machine is changed
  local options=(--location) actual
  DOWNLOAD=$(mktemp -p "$STATE" .download.XXXXXX)
  case $PACKAGE_URL in
    file://*)
      [[ -f ${PACKAGE_URL#file://} ]] || die "AGENT_PACKAGE_URL: ${PACKAGE_URL#file://} does not exist"
      cp "${PACKAGE_URL#file://}" "$DOWNLOAD"
      ;;
    *)
      if [[ $AGENT_PACKAGE_AUTH == managed-identity && -n $AGENT_PACKAGE_URL ]]; then
        [[ $PACKAGE_URL =~ ^https://[a-z0-9]+\.blob\.core\.(windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)/ ]] ||
          die 'AGENT_PACKAGE_AUTH=managed-identity is for storage accounts only: the token goes to no other host'
        identity_token https://storage.azure.com/ "$RUN/storage-token"
        bearer "$RUN/storage-token" >"$RUN/storage.curl"
        # No redirect: the token stays with the storage account.
        options=(-K "$RUN/storage.curl" -H 'x-ms-version: 2021-08-06' --noproxy '*')
      fi
      http -f --max-time 900 --retry-max-time 900 "${options[@]}" -o "$DOWNLOAD" "$PACKAGE_URL" || die "cannot download $PACKAGE_URL"
      ;;
  esac
  actual=$(sha256sum <"$DOWNLOAD")
  [[ ${actual%% *} == "$PACKAGE_SHA256" ]] ||
    die "$PACKAGE_URL has SHA-256 ${actual%% *}, expected $PACKAGE_SHA256: it is damaged or not the package it claims to be; nothing was installed"
}

remove_leftovers() { # of a run that lost its power
  find "$ROOT" -maxdepth 1 -user root \( -name '.staging.*' -o -name '.replaced.*' -o -name '.put.*' \) -exec rm -rf {} +
  find "$STATE" -maxdepth 1 -name '.download.*' -exec rm -rf {} +
}

# Unpacks beside the live tree, then moves every entry into place by renames. The record that it is installed is
# removed before and written after, so that a power loss in between is repaired by the next run.
install_package() {
  local staging replaced entry name
  log "installing agent $PACKAGE_VERSION from $PACKAGE_URL"
  staging=$(mktemp -d -p "$ROOT" .staging.XXXXXX) replaced=$(mktemp -d -p "$ROOT" .replaced.XXXXXX)
  tar -xzf "$DOWNLOAD" -C "$staging" --no-same-owner --no-same-permissions || die 'the package cannot be unpacked: is the disk full?'
  rm -f "$DOWNLOAD"
  [[ -x $staging/bin/Agent.Listener && -f $staging/config.sh && -f $staging/bin/runsvc.sh ]] || die 'this is not an agent package'
  cp "$staging/bin/runsvc.sh" "$staging/runsvc.sh"
  chown -R root:"$AGENT_USER" "$staging"
  chmod -R u+rwX,g+rX,g-w,o-rwx "$staging"
  chmod 0750 "$staging"/*.sh
  (cd "$staging" && find . -type f -print0 | sort -z | xargs -0 sha256sum) >"$RUN/manifest"
  rm -f "$STATE/package.json"
  sync -f "$ROOT"
  for entry in "$staging"/*; do
    name=${entry##*/}
    if [[ -e $ROOT/$name || -L $ROOT/$name ]]; then mv -T "$ROOT/$name" "$replaced/$name"; fi
    mv -T "$entry" "$ROOT/$name"
  done
  rm -rf "$staging" "$replaced"
  put "$STATE/manifest" 0644 <"$RUN/manifest"
  sync -f "$ROOT"
  jq -n --arg version "$PACKAGE_VERSION" --arg sha256 "$PACKAGE_SHA256" --arg url "$PACKAGE_URL" --arg time "$(date -u +%FT%TZ)" \
    '{version: $version, sha256: $sha256, url: $url, installed: $time}' | put "$STATE/package.json" 0644
  CHANGED=true
}

# --- registration ------------------------------------------------------------------------------------------------------

write_environment() { # what the listener loads at its start; root's, so that no job can slip a variable to the next one
  local network_ok=$1
  {
    echo 'LANG=C.UTF-8'
    echo "AGENT_TOOLSDIRECTORY=$TOOL_CACHE"
    # The dot keeps shells from exporting it, so it can only stand here. The pool's own switch is the reliable one.
    echo 'agent.disableupdate=true'
    # Every other variable becomes a public capability of the agent.
    echo 'VSO_AGENT_IGNORE=INVOCATION_ID,JOURNAL_STREAM,SYSTEMD_EXEC_PID,LS_COLORS,OLDPWD,SHLVL'
    echo "amlNetworkOk=$network_ok"
    if [[ -n $CA_FILE ]]; then
      echo 'NODE_EXTRA_CA_CERTS=/usr/local/share/ca-certificates/ado-agent.crt'
      echo 'REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt'
    fi
  } | put "$ROOT/.env" 0640 "root:$AGENT_USER"
  put "$ROOT/.path" 0640 "root:$AGENT_USER" <<<'/usr/local/bin:/usr/bin:/bin'
  if [[ -n $PROXY_URL ]]; then
    # Regular expressions, one a line.
    tr -s ' ' '\n' <<<"169.254.169.254 168.63.129.16 $(past_proxy)" | sed '/^$/d; s/\./\\./g' | put "$ROOT/.proxybypass" 0640 "root:$AGENT_USER"
  else
    drop "$ROOT/.proxybypass"
  fi
}

# as_agent COMMAND...: runs it as the agent's user in a clean environment, since the agent publishes its environment.
# The secrets come through a file descriptor that root opened: no command line and no file of that user holds them.
# The agent's own script tries to write .path, which is ours; that it may not is no news.
as_agent() {
  (
    cd "$ROOT" || exit 1
    # shellcheck disable=SC2016  # expanded by the inner shell
    exec setpriv --reuid "$AGENT_USER" --regid "$AGENT_USER" --init-groups --no-new-privs \
      env -i PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 HOME="$AGENT_HOME" USER="$AGENT_USER" \
      bash -c 'while IFS= read -r pair <&3; do export "$pair"; done; exec 3<&-; exec "$@"' as-agent "$@" \
      3<"$RUN/agent-secrets" </dev/null 9>&-
  ) > >(sed '/\.path: Permission denied/d' >&2) 2>&1
}

write_agent_secrets() {
  case $AUTH in
    service-principal) printf 'VSTS_AGENT_INPUT_CLIENTSECRET=%s\n' "$(<"$RUN/secret")" ;;
    *) printf 'VSTS_AGENT_INPUT_TOKEN=%s\n' "$(<"$RUN/secret")" ;;
  esac >"$RUN/agent-secrets"
  if [[ -n $PROXY_USER ]]; then
    printf 'VSTS_AGENT_INPUT_PROXYPASSWORD=%s\n' "$(<"$RUN/proxy-password")" >>"$RUN/agent-secrets"
  fi
}

auth_options() { # one a line
  if [[ $AUTH == service-principal ]]; then
    printf '%s\n' --auth sp --clientid "$SERVICE_PRINCIPAL_CLIENT_ID" --tenantid "$SERVICE_PRINCIPAL_TENANT_ID"
  else
    # An Entra token is accepted where a personal access token is.
    printf '%s\n' --auth pat
  fi
}

registered() { [[ -f $ROOT/.agent && -f $ROOT/.credentials && -f $ROOT/.credentials_rsaparams ]]; }

registered_as_wanted() {
  registered && jq -e --arg url "$ORGANIZATION_URL" --arg pool "$POOL" --arg name "$AGENT_NAME" --arg work "$WORK_DIR" \
    '(.serverUrl | rtrimstr("/") | ascii_downcase) == ($url | ascii_downcase) and .poolName == $pool and .agentName == $name and .workFolder == $work' \
    "$ROOT/.agent" >/dev/null 2>&1
}

forget_registration() { # the local half
  rm -f "$ROOT/.agent" "$ROOT/.credentials" "$ROOT/.credentials_rsaparams" "$ROOT/.service" "$ROOT/.proxy" "$ROOT/.proxycredentials" "$ROOT/svc.sh"
}

register() {
  local options
  if registered && ! registered_as_wanted; then
    log 'the agent is registered elsewhere or under another name: removing that registration'
    unregister || warn 'the old registration could not be removed from its server; remove it there'
  fi
  forget_registration
  mapfile -t options < <(auth_options)
  options+=(--unattended --acceptTeeEula --replace --url "$ORGANIZATION_URL" --pool "$POOL" --agent "$AGENT_NAME" --work "$WORK_DIR")
  if [[ -n $PROXY_URL ]]; then options+=(--proxyurl "$PROXY_URL"); fi
  if [[ -n $PROXY_USER ]]; then options+=(--proxyusername "$PROXY_USER"); fi
  # For git and the like; the agent itself trusts the system's store.
  if [[ -n $CA_FILE ]]; then options+=(--sslcacert /etc/ssl/certs/ca-certificates.crt); fi
  write_agent_secrets
  log "registering $AGENT_NAME in pool '$POOL' of $ORGANIZATION_URL"
  as_agent ./config.sh "${options[@]}" || die 'the agent could not be registered: see its own message above, and '"$ROOT/_diag"
  rm -f "$RUN/agent-secrets" "$ROOT/svc.sh"
  registered || die 'the agent says that it is configured, but its configuration is not complete: run this again'
  if [[ $(jq -r '.scheme // .Scheme' "$ROOT/.credentials") != OAuth ]]; then
    forget_registration
    die 'the server did not exchange keys with the agent, which then stored the registration credential on disk: it was removed; use Azure DevOps Services'
  fi
  CHANGED=true
}

unregister() { # from the server, then here; needs authenticate
  local options
  mapfile -t options < <(auth_options)
  write_agent_secrets
  as_agent ./config.sh remove --unattended "${options[@]}" || return 1
  rm -f "$RUN/agent-secrets"
  forget_registration
}

turn_off_pool_updates() { # the tree is root's, so that an update by the server would fail halfway
  [[ $(jq -r .autoUpdate "$RUN/pool.json") == true ]] || return 0
  log "switching automatic agent updates of pool '$POOL' off"
  printf '{"id":%s,"autoUpdate":false}' "$POOL_ID" >"$RUN/body.json"
  api PATCH "pools/$POOL_ID?api-version=7.1" -H 'Content-Type: application/json' --data-binary "@$RUN/body.json"
}

# --- service -----------------------------------------------------------------------------------------------------------

drop_in() { # drop_in NAME WANTED
  local target=$SYSTEMD/ado-agent.service.d/$1.conf
  if [[ $2 == true ]]; then put "$target" 0644 <"$SHARE/units/ado-agent.service.d/$1.conf"; else drop "$target"; fi
}

install_units() {
  local file
  install -d -m 0755 "$SYSTEMD/ado-agent.service.d"
  for file in "$SHARE"/units/*.service "$SHARE"/units/*.timer; do put "$SYSTEMD/${file##*/}" 0644 <"$file"; done
  drop_in once "$ONCE"
  drop_in sudo "$ALLOW_SUDO"
  drop_in docker "$ALLOW_DOCKER"
  drop_in job-identity "$ALLOW_JOB_IDENTITY"
  printf '[Service]\nReadWritePaths=-%s -%s\n' "$WORK_DIR" "$TOOL_CACHE" | put "$SYSTEMD/ado-agent.service.d/paths.conf" 0644
}

active() { systemctl is-active --quiet "$1"; }

start_service() {
  systemctl daemon-reload
  systemctl enable --quiet ado-agent.service
  systemctl reset-failed ado-agent.service 2>/dev/null || true
  if [[ $CHANGED == true ]]; then systemctl restart ado-agent.service; else systemctl start ado-agent.service; fi ||
    die "the service does not start: journalctl -u ado-agent.service"
  systemctl enable --quiet --now ado-agent-health.timer ado-agent-clean.timer ado-agent-events.service ado-agent-shutdown.service
}

set_agent_enabled() { # set_agent_enabled true|false, of the agent in $RUN/agent.json
  local id
  id=$(jq -r .id "$RUN/agent.json")
  printf '{"id":%s,"enabled":%s}' "$id" "$1" >"$RUN/body.json"
  api PATCH "pools/$POOL_ID/agents/$id?api-version=7.1" -H 'Content-Type: application/json' --data-binary "@$RUN/body.json"
}

# Takes no further job, lets the running one end, then stops the service. The mark survives a power loss,
# and only an agent with the mark is switched on again: one that people have switched off stays off.
drain() { # after find_pool
  local deadline=$((SECONDS + DRAIN_TIMEOUT_MINUTES * 60))
  if find_agent; then
    if [[ $(jq -r .enabled "$RUN/agent.json") != false ]]; then
      : | put "$STATE/drained" 0644
      set_agent_enabled false
    fi
    while find_agent && [[ $(jq -r '.assignedRequest.requestId // empty' "$RUN/agent.json") ]]; do
      if ((SECONDS >= deadline)); then
        resume
        die "a job has been running for $DRAIN_TIMEOUT_MINUTES minutes: nothing was changed; run this again later or raise DRAIN_TIMEOUT_MINUTES"
      fi
      log 'waiting for the running job to end'
      sleep 5
    done
  fi
  systemctl stop ado-agent.service
}

resume() { # after find_pool
  [[ -f $STATE/drained ]] || return 0
  if find_agent; then set_agent_enabled true; fi
  rm -f "$STATE/drained"
}

# --- verbs -------------------------------------------------------------------------------------------------------------

install_agent() {
  local network_ok=true
  require_registration_settings
  prep
  use_network_settings
  run_selftest || network_ok=false
  if [[ $network_ok == false && $SELFTEST == enforce ]]; then
    die "the network self-test failed, nothing was registered: fix what it names, or set SELFTEST=warn; report: $STATE/selftest.json"
  fi
  remove_leftovers
  authenticate
  find_pool
  turn_off_pool_updates
  choose_package
  package_installed || download_package
  CHANGED=false
  write_environment "$network_ok"
  install_units
  if [[ $CHANGED == true || -n $DOWNLOAD ]] || ! registered_as_wanted; then
    CHANGED=true
    if active ado-agent.service; then drain; fi
    if [[ -n $DOWNLOAD ]]; then install_package; fi
    registered_as_wanted || register
  fi
  start_service
  resume
  wait_until_healthy
}

stop_service() { # stop_service SECONDS: longer than that a job does not get
  systemctl disable --quiet ado-agent.service 2>/dev/null || true
  active ado-agent.service || return 0
  timeout "$1" systemctl stop ado-agent.service || systemctl kill --signal=SIGKILL ado-agent.service || true
}

deregister_agent() { # deregister_agent [SECONDS]: stops the service first, unless it has just stopped (0)
  local seconds=${1:-310}
  require_registration_settings
  if ((seconds > 0)); then stop_service "$seconds"; fi
  if ! registered; then
    forget_registration
    log 'this machine has no registered agent'
    return
  fi
  use_network_settings
  authenticate
  unregister || die "the agent could not be taken off pool '$POOL': see its own message above; the registration was kept, so that this can be run again"
  log "$AGENT_NAME is off pool '$POOL'"
}

deregister_on_termination() { # waits for Azure to announce that this machine goes away: Terminate, or Preempt of a spot VM
  local name event
  name=$(metadata 'instance/compute?api-version=2021-02-01' | jq -er .name) || die 'the metadata service does not tell the name of this machine'
  log "watching the scheduled events of $name"
  while :; do
    event=$(metadata 'scheduledevents?api-version=2020-07-01' 2>/dev/null |
      jq -er --arg name "$name" '[.Events[]? | select((.EventType == "Terminate" or .EventType == "Preempt") and (.Resources | index($name)))][0].EventId // empty' 2>/dev/null) || event=''
    if [[ -n $event ]]; then break; fi
    sleep 5
  done
  log 'Azure announces the end of this machine'
  one_at_a_time
  deregister_agent 20
  # Nothing is left to wait for, so the machine may go before its time.
  printf '{"StartRequests":[{"EventId":"%s"}]}' "$event" >"$RUN/acknowledge.json"
  metadata 'scheduledevents?api-version=2020-07-01' -o /dev/null --data-binary "@$RUN/acknowledge.json" || true
}

shutting_down() { [[ $(systemctl is-system-running 2>/dev/null) == stopping ]]; }

deregister() { # deregister [--stopped|--at-shutdown|--on-termination]
  case ${1:-} in
    '')
      one_at_a_time
      deregister_agent
      # Nobody is to judge or to clean an agent that was taken off on purpose; the next `install` starts them again.
      systemctl disable --quiet --now ado-agent-health.timer ado-agent-clean.timer ado-agent-events.service 2>/dev/null || true
      ;;
    --stopped) # a once-agent after its job; when another run stopped it, that run decides
      exec 9>/run/ado-agent.lock
      if flock -n 9; then deregister_agent 0; else log 'another run has this agent in hand'; fi
      ;;
    --at-shutdown)
      if [[ $DEREGISTER_ON_SHUTDOWN == true ]] && shutting_down; then deregister_agent 0; fi
      ;;
    --on-termination) deregister_on_termination ;;
    *) usage_error "deregister has no option '$1'; see: $0 deregister --help" ;;
  esac
}

reauth() { # a new key for the same agent
  local options
  require_registration_settings
  one_at_a_time
  registered || die "this machine has no registered agent: run '$0 install'"
  use_network_settings
  authenticate
  find_pool
  drain
  mapfile -t options < <(auth_options)
  write_agent_secrets
  as_agent ./reauth.sh --unattended "${options[@]}" || die "the agent got no new key: see its own message above; run '$0 install' to register it anew"
  rm -f "$RUN/agent-secrets"
  CHANGED=true
  start_service
  resume
  wait_until_healthy
}

selftest() {
  local ok=true
  use_network_settings
  run_selftest || ok=false
  if [[ $JSON == true ]]; then cat "$RUN/selftest.json"; fi
  [[ $ok == true ]] || failed
}

# --- health ------------------------------------------------------------------------------------------------------------

verdict() { # verdict NAME OK|FAIL TEXT: one line of JSON
  jq -nc --arg name "$1" --arg result "$2" --arg text "$3" '{name: $name, ok: ($result == "OK"), text: $text}' >>"$RUN/health.lines"
}

check_service() {
  if active ado-agent.service; then
    verdict service OK 'the service is active'
  else
    verdict service FAIL "the service is $(systemctl show -P ActiveState ado-agent.service), result $(systemctl show -P Result ado-agent.service): journalctl -u ado-agent.service"
  fi
}

check_registration() {
  if registered_as_wanted; then
    verdict registration OK "registered as $AGENT_NAME in pool '$POOL'"
  else
    verdict registration FAIL "the registration on disk is not $AGENT_NAME in pool '$POOL' of $ORGANIZATION_URL: run '$0 install'"
  fi
}

check_program() {
  if tree_intact; then
    verdict program OK "agent $(jq -r .version "$STATE/package.json" 2>/dev/null || echo unknown), as installed"
  else
    verdict program FAIL "files of the agent are not as they were installed: run '$0 install', and find out who changed them"
  fi
}

check_server() { # by the same credential as registration
  local status why
  if ! (use_network_settings && authenticate && find_pool && find_agent) 2>"$RUN/why"; then
    why=$(sed -nE 's/^[^ ]+ ERROR: //p' "$RUN/why" | tail -n 1)
    verdict server FAIL "${why:-"the pool '$POOL' has no agent $AGENT_NAME: run '$0 install'"}"
    return
  fi
  status=$(jq -r .status "$RUN/agent.json")
  if [[ $status == online ]]; then
    verdict server OK "online$(jq -r 'if .enabled == false then ", but switched off for jobs" else "" end' "$RUN/agent.json")"
  else
    verdict server FAIL "Azure DevOps sees the agent as $status"
  fi
}

check_listener_log() {
  local newest age
  newest=$(find "$ROOT/_diag" -maxdepth 1 -name 'Agent_*.log' -printf '%T@\n' 2>/dev/null | sort -n | tail -n 1)
  newest=${newest%%.*} age=$(($(date +%s) - ${newest:-0}))
  if [[ -z $newest ]]; then
    verdict listener FAIL "the listener has written no log in $ROOT/_diag"
  elif ((age > 1800)); then
    verdict listener FAIL "the listener has been silent for $((age / 60)) minutes: systemctl restart ado-agent.service"
  else
    verdict listener OK "last line $age seconds ago"
  fi
}

check_disk() {
  local used
  used=$(df --output=pcent "$WORK_DIR" 2>/dev/null | tail -n 1 | tr -dc 0-9)
  if [[ -z $used ]]; then
    verdict disk FAIL "$WORK_DIR is not there"
  elif ((used > DISK_MAX_PERCENT)); then
    verdict disk FAIL "the disk of $WORK_DIR is $used % full, more than DISK_MAX_PERCENT=$DISK_MAX_PERCENT: run '$0 clean'"
  else
    verdict disk OK "$used % used"
  fi
}

check_identity_guard() {
  if [[ $ALLOW_JOB_IDENTITY == true ]]; then
    verdict identity-guard OK 'jobs may use the identity of this machine (ALLOW_JOB_IDENTITY=true)'
  elif [[ $(nft list table inet ado_agent 2>/dev/null) == *169.254.169.254* ]]; then
    verdict identity-guard OK 'jobs cannot reach the metadata service'
  else
    verdict identity-guard FAIL 'jobs can take tokens of this machine: systemctl restart ado-agent.service loads the rule again'
  fi
}

finished_once() { [[ $ONCE == true ]] && ! registered && ! active ado-agent.service; }

judge_health() { # the report is $STATE/health.json; false when something is wrong
  : >"$RUN/health.lines"
  if finished_once; then
    verdict service OK 'the agent has run its one job and left the pool'
  else
    check_service
    check_registration
    check_program
    check_identity_guard
    check_listener_log
    check_disk
    check_server
  fi
  jq -s --arg time "$(date -u +%FT%TZ)" --arg agent "$AGENT_NAME" '{time: $time, agent: $agent, ok: all(.[]; .ok), checks: .}' \
    "$RUN/health.lines" | put "$STATE/health.json" 0644
  jq -e .ok "$STATE/health.json" >/dev/null
}

print_health() {
  jq -r '.checks[] | (if .ok then "ok    " else "FAIL  " end) + .name + ": " + .text' "$STATE/health.json" >&2
  if [[ $JSON == true ]]; then cat "$STATE/health.json"; fi
}

wait_until_healthy() { # the listener needs some seconds for its session
  local deadline=$((SECONDS + 60))
  until judge_health || ((SECONDS >= deadline)); do sleep 1; done
  print_health
  jq -e .ok "$STATE/health.json" >/dev/null || die "the agent is not healthy: see above; report: $STATE/health.json"
  log 'the agent is healthy'
}

health() {
  local ok=true
  require_registration_settings
  judge_health || ok=false
  print_health
  [[ $ok == true ]] || failed
}

# --- clean -------------------------------------------------------------------------------------------------------------

as_user() { # deletes as the agent's user: root following what jobs have left behind would be a way to become root
  setpriv --reuid "$AGENT_USER" --regid "$AGENT_USER" --clear-groups --no-new-privs env -i PATH="$PATH" HOME="$AGENT_HOME" "$@"
}

job_running() { pgrep -u "$AGENT_USER" -f 'bin/Agent\.Worker' >/dev/null; }

clean_logs() { # by age, then the oldest until the rest fits
  local total=0 bytes path
  # The agent's own AGENT_LOGRETENTION and AGENT_LOGSIZE are read and not applied.
  as_user find "$ROOT/_diag" -type f -mtime "+$LOG_RETENTION_DAYS" -delete
  while IFS=$'\t' read -r -d '' _ bytes path; do
    total=$((total + bytes))
    if ((total > LOG_MAX_MB * 1024 * 1024)); then as_user rm -f -- "$path"; fi
  done < <(as_user find "$ROOT/_diag" -type f -printf '%T@\t%s\t%p\0' | sort -zrn)
}

disk_full() {
  local used
  used=$(df --output=pcent "$WORK_DIR" | tail -n 1 | tr -dc 0-9)
  ((used > DISK_MAX_PERCENT))
}

clean_work() { # never beside a running job
  local folder
  if job_running; then
    log 'a job is running: its work folders stay as they are'
    return
  fi
  if [[ -d $WORK_DIR/_temp ]]; then as_user find "$WORK_DIR/_temp" -mindepth 1 -mtime +0 -delete; fi
  while disk_full && IFS= read -r -d '' folder; do
    log "removing $folder: not used for $WORK_RETENTION_DAYS days, and the disk is fuller than $DISK_MAX_PERCENT %"
    as_user rm -rf -- "$folder"
  done < <(as_user find "$WORK_DIR" -mindepth 1 -maxdepth 1 -type d -name '[0-9]*' -mtime "+$WORK_RETENTION_DAYS" -printf '%T@\t%p\0' | sort -zn | cut -zf 2)
}

clean() {
  [[ -d $ROOT/_diag ]] || return 0
  clean_logs
  clean_work
  if [[ $ALLOW_DOCKER == true ]] && command -v docker >/dev/null; then
    docker system prune --all --force --filter "until=$((WORK_RETENTION_DAYS * 24))h" >&2 || warn 'docker system prune failed'
  fi
  log "clean: $(df --output=pcent "$WORK_DIR" | tail -n 1 | tr -dc 0-9) % of the disk used"
}

# --- command line ------------------------------------------------------------------------------------------------------

help_of() {
  case $1 in
    prep) echo 'agent-init.sh prep
Prepares a machine or an image: packages, the user azdo, directories, authority certificate, this script and its units.
Needs no organization and no secret. Use it alone in images and scale sets, where the pool installs the agent itself.' ;;
    install) echo 'agent-init.sh install
prep, then: proves the network, takes a token, installs the agent package, registers it and starts the service.
Run it again at any time: it changes only what differs (version, settings, damaged files), lets a running job end
first, and ends with the health verdict. ONCE=true makes an agent that runs one job and leaves the pool.' ;;
    deregister) echo 'agent-init.sh deregister [--stopped | --at-shutdown | --on-termination]
Stops the service and takes the agent off its pool. The options are for the units:
  --stopped         the service has just stopped by itself (an agent for one job)
  --at-shutdown     only when the machine is going down and DEREGISTER_ON_SHUTDOWN=true
  --on-termination  waits until Azure announces Terminate or Preempt for this machine, then does it' ;;
    reauth) echo 'agent-init.sh reauth
Gives the registered agent a new key, for example after its disk may have been copied.' ;;
    selftest) echo 'agent-init.sh selftest [--json]
Proves from this machine that every name of PRIVATE_HOSTS has a private address and answers TLS with a trusted
certificate, and that registration can reach what it needs. Names cause and fix of each failure. Registers nothing.
The report stays in /var/lib/ado-agent/selftest.json; --json also prints it.' ;;
    health) echo 'agent-init.sh health [--json]
Service, registration, program files, identity guard, listener, disk, and what Azure DevOps says.
The report stays in /var/lib/ado-agent/health.json; --json also prints it.' ;;
    clean) echo 'agent-init.sh clean
Removes old logs, temporary files and, when the disk is too full, work folders unused for WORK_RETENTION_DAYS.' ;;
    *) echo 'agent-init.sh VERB [--config FILE] [--help]

  prep         prepares the machine or an image; needs no organization
  install      prep, self-test, package, registration, service; run it again at any time
  deregister   takes the agent off its pool
  reauth       gives the agent a new key
  selftest     proves private DNS, TLS and egress, without registering
  health       judges the running agent
  clean        removes old logs and work folders

Settings: NAME=value lines in /etc/ado-agent/agent.conf (or --config FILE), overridden by ADO_AGENT_<NAME> in the
environment; agent.conf.example describes each one. Every verb has its own --help.
Exit code: 0 done and healthy; 1 failed, with one sentence why; 2 wrong settings or usage, nothing was done.' ;;
  esac
}

VERB='' OPTIONS=()

parse_arguments() {
  while (($#)); do
    case $1 in
      -h | --help)
        help_of "${VERB:-all}"
        exit 0
        ;;
      --config)
        CONFIG=${2:?--config needs a file}
        [[ -e $CONFIG ]] || usage_error "there is no file $CONFIG"
        shift
        ;;
      --json) JSON=true ;;
      -*) OPTIONS+=("$1") ;;
      prep | install | deregister | reauth | selftest | health | clean)
        [[ -z $VERB ]] || usage_error "one verb at a time: $VERB or $1"
        VERB=$1
        ;;
      *) usage_error "there is no verb '$1'; see: $0 --help" ;;
    esac
    shift
  done
  [[ -n $VERB ]] || {
    help_of all >&2
    exit 2
  }
  [[ $VERB == deregister || ${#OPTIONS[@]} -eq 0 ]] || usage_error "$VERB has no option '${OPTIONS[0]}'; see: $0 $VERB --help"
}

main() {
  parse_arguments "$@"
  require_root "$VERB"
  load_settings
  prepare_run_directory
  trap 'unexpected "$BASH_COMMAND" "$LINENO"' ERR
  case $VERB in
    install)
      one_at_a_time
      install_agent
      ;;
    prep)
      one_at_a_time
      prep
      log 'this machine is prepared'
      ;;
    deregister) deregister "${OPTIONS[@]}" ;;
    *) "$VERB" ;;
  esac
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then main "$@"; fi
