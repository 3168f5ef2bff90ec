import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { makeCertificates } from '../network.ts';
import type { Scenario } from '../scenario.ts';

interface Report {
  ok: boolean;
  checks: { name: string; kind: string; address: string; result: string; cause?: string; fix?: string }[];
}

const blob = 'stmlops.blob.core.windows.net';
const vault = 'kvmlops.vault.azure.net';

/** The self-test and its refusal to register on a network that is not private. */
export const networkScenarios: Scenario[] = [
  {
    name: 'self-test: private names, egress, metadata and clock are proven; the report is JSON',
    run: async (rig) => {
      rig.configure();
      const { code, output } = await rig.init('selftest');
      assert.equal(code, 0, output);
      const report = JSON.parse(readFileSync(rig.machine.path('/var/lib/ado-agent/selftest.json'), 'utf8')) as Report;
      assert.equal(report.ok, true);
      assert.equal(report.checks.find((each) => each.name === blob)?.address, '10.10.1.5');
      await rig.nothingInstalled();
      return `${report.checks.length} checks`;
    },
  },
  {
    name: 'missing zone link: the public answer is refused, the zone and the fix are named, nothing is installed',
    run: async (rig) => {
      await rig.networks.serveDns({ [blob]: '20.60.1.1' });
      const output = await rig.refuses('install', /zone privatelink\.blob\.core\.windows\.net is not linked/);
      assert.match(output, /az network private-dns link vnet create --zone-name privatelink\.blob\.core\.windows\.net/);
      await rig.nothingInstalled();
      return undefined;
    },
  },
  {
    name: 'missing record: the zone of the name is named',
    run: async (rig) => {
      await rig.networks.serveDns({ [vault]: '' });
      await rig.refuses('selftest', /privatelink\.vaultcore\.azure\.net has no record/);
      return undefined;
    },
  },
  {
    name: 'cut peering: every private name fails with the peering as the thing to check',
    run: async (rig) => {
      rig.networks.cutPeering();
      const output = await rig.refuses('selftest', /check that the peering is Connected on both sides/);
      assert.equal(output.match(/FAIL {2}private/g)?.length, 4);
      return undefined;
    },
  },
  {
    name: 'closed firewall: every public name fails with what to allow',
    run: async (rig) => {
      rig.networks.closeFirewall();
      const output = await rig.refuses('install', /allow TCP 443 from this subnet to download\.agent\.dev\.azure\.com/);
      assert.match(output, /FAIL {2}egress dev\.azure\.com/);
      await rig.nothingInstalled();
      return undefined;
    },
  },
  {
    name: 'TLS inspection: an unknown authority is named, CA_FILE cures it',
    run: async (rig) => {
      await rig.reset();
      rig.configure({ CA_FILE: '' });
      await rig.refuses(
        'selftest',
        /certificate is not trusted for dev\.azure\.com \(issuer: CN ?= ?contoso-authority\)/,
      );
      const other = makeCertificates(rig.directory, 'somebody-else');
      rig.machine.write('/etc/ado-agent/other.pem', readFileSync(other.authority, 'utf8'));
      rig.configure({ CA_FILE: '/etc/ado-agent/other.pem' });
      await rig.refuses('selftest', /or set CA_FILE to the authority's certificate/);
      rig.configure();
      return undefined;
    },
  },
  {
    name: 'no identity: registration says what to assign',
    run: async (rig) => {
      await rig.metadata('set', { hasIdentity: false });
      await rig.refuses('install', /no usable managed identity .*Identity not found.*assign one/);
      await rig.metadata('set', { hasIdentity: true });
      await rig.nothingInstalled();
      return undefined;
    },
  },
];
