import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';
import { secrets } from '../stand-ins/secrets.ts';

const guid = '11111111-2222-4333-8444-555555555555';

/** Other credentials, other sources, a proxy. */
export const alternativeScenarios: Scenario[] = [
  {
    name: 'service principal: its secret comes from Key Vault, the agent registers with it',
    run: async (rig) => {
      await rig.reset();
      await rig.install({
        AUTH: 'service-principal',
        SERVICE_PRINCIPAL_CLIENT_ID: guid,
        SERVICE_PRINCIPAL_TENANT_ID: guid,
        KEY_VAULT_SECRET_URL: 'https://kvmlops.vault.azure.net/secrets/principal-secret',
      });
      assert.equal((await rig.agent()).status, 'online');
      return undefined;
    },
  },
  {
    name: 'personal access token from Key Vault: registers, with a warning',
    run: async (rig) => {
      await rig.reset();
      const settings = { AUTH: 'pat', KEY_VAULT_SECRET_URL: 'https://kvmlops.vault.azure.net/secrets/agent-pat' };
      assert.match(await rig.install(settings), /WARNING: AUTH=pat: a personal access token acts as a person/);
      rig.configure({ ...settings, KEY_VAULT_SECRET_URL: 'https://kvmlops.vault.azure.net/secrets/forgotten' });
      await rig.refuses('deregister', /secrets\/forgotten does not exist/);
      return undefined;
    },
  },
  {
    name: 'mirror: a private blob, read with the identity, its hash demanded',
    run: async (rig) => {
      await rig.reset();
      const sha256 = (await rig.machine.run('sha256sum </root/4.999.1.tar.gz')).output.slice(0, 64);
      const url = 'https://stmlops.blob.core.windows.net/agents/vsts-agent-linux-x64-4.999.1.tar.gz';
      rig.configure({ AGENT_PACKAGE_URL: url });
      const refused = await rig.init('install');
      assert.deepEqual(
        [refused.code, refused.output.includes('AGENT_PACKAGE_URL needs AGENT_PACKAGE_SHA256')],
        [2, true],
      );
      await rig.install({
        AGENT_PACKAGE_URL: url,
        AGENT_PACKAGE_SHA256: sha256,
        AGENT_PACKAGE_AUTH: 'managed-identity',
      });
      assert.equal((await rig.agent()).status, 'online');
      return undefined;
    },
  },
  {
    name: 'air-gapped: a local file, its hash demanded, the download host closed',
    run: async (rig) => {
      await rig.reset();
      const before = (await rig.journal()).length;
      const sha256 = (await rig.machine.run('sha256sum </root/4.999.1.tar.gz')).output.slice(0, 64);
      await rig.install({ AGENT_PACKAGE_URL: 'file:///root/4.999.1.tar.gz', AGENT_PACKAGE_SHA256: sha256 });
      assert.ok((await rig.journal()).slice(before).every((each) => !each.host.startsWith('download')));
      return undefined;
    },
  },
  {
    name: 'proxy with a password from Key Vault: the only way out, used by the script and by the agent',
    run: async (rig) => {
      await rig.reset();
      rig.networks.closeFirewall();
      await rig.install({
        PROXY_URL: 'http://10.20.0.1:3128',
        PROXY_USER: 'agents',
        PROXY_PASSWORD_SECRET_URL: 'https://kvmlops.vault.azure.net/secrets/proxy-password',
        PROXY_BYPASS: '.core.windows.net .azureml.ms',
      });
      const hosts = new Set((await rig.tunnels()).filter((each) => each.allowed).map((each) => each.host));
      assert.ok(hosts.has('dev.azure.com') && hosts.has('download.agent.dev.azure.com'), [...hosts].join());
      assert.ok(!hosts.has('kvmlops.vault.azure.net'));
      return `${hosts.size} hosts`;
    },
  },
  {
    name: 'cloud-init: the user-data holds every file the machine needs, and no secret',
    run: async (rig) => {
      await rig.reset();
      rig.configure();
      await rig.machine.run(
        '/root/agent-bootstrap/cloud-init/user-data.sh /etc/ado-agent/agent.conf /etc/ado-agent/ca.pem >/root/user-data',
      );
      // What cloud-init does with write_files, in the order of the file.
      const { code, output } = await rig.machine.run(
        `rm -rf /etc/ado-agent && tail -n +2 /root/user-data | jq -c '.write_files[]' | while read -r entry; do
           path=$(jq -r .path <<<"$entry"); mkdir -p "$(dirname "$path")"
           if [ "$(jq -r .encoding <<<"$entry")" = gz+b64 ]; then jq -r .content <<<"$entry" | base64 -d | gunzip >"$path"; else jq -r .content <<<"$entry" >"$path"; fi
           chmod "$(jq -r .permissions <<<"$entry")" "$path"
         done && /var/lib/cloud/scripts/per-boot/ado-agent; status=$?; wc -c </root/user-data; exit $status`,
      );
      assert.equal(code, 0, output);
      assert.equal((await rig.agent()).status, 'online');
      assert.ok(!Object.values(secrets).some((secret) => output.includes(secret)));
      return `${(Number(output.trim().split('\n').pop()) / 1024).toFixed(0)} KB of 64`;
    },
  },
  {
    name: 'after all of these: still no secret on a command line, in a file, in a capability or in a log',
    run: async (rig) => {
      assert.match(rig.commandLines(), /secrets\/principal-secret.*\n/, 'the watch has seen the requests');
      assert.equal(await rig.exposedSecrets(), '');
      return undefined;
    },
  },
];
