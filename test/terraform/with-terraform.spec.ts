/**
 * The modules under the real terraform: formatted, valid, planned, applied in memory, refusing what they should refuse.
 * `npm run test:terraform`; not part of `npm test`, because terraform is not on every machine.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../../scripts/task-contract.ts';
import { EXAMPLES, ZONES } from './examples.ts';
import { makePlan, type Plan, type PlannedResource } from './plan.ts';
import { findTerraform, openTerraform, type Terraform } from './terraform.ts';

const program = findTerraform();
let work: string;
let terraform: Terraform;
const plans = new Map<string, Plan>();

function exampleFolder(name: string): string {
  return join(work, 'agent-bootstrap/terraform/examples', name);
}

function plan(name: string): Plan {
  const found = plans.get(name);
  assert.ok(found !== undefined, `${name} has no plan`);
  return found;
}

before(function () {
  if (program === undefined) {
    process.stdout.write('terraform is not on this machine: its checks are skipped, those of `npm test` stand.\n');
    this.skip();
  }
  work = mkdtempSync(join(tmpdir(), 'terraform-'));
  // A copy, so that nothing of terraform's stays in the repository.
  cpSync(join(repositoryRoot, 'agent-bootstrap'), join(work, 'agent-bootstrap'), { recursive: true });
  terraform = openTerraform(program, work);
});

after(() => {
  // Absent when there was no terraform to set it up for.
  if (program !== undefined) rmSync(work, { recursive: true });
});

describe('terraform', () => {
  it('finds every file formatted', () => {
    terraform.run(join(work, 'agent-bootstrap/terraform'), 'fmt', '-check', '-recursive', '-diff');
  });

  for (const [name, inputs] of Object.entries(EXAMPLES)) {
    it(`initialises, validates and plans ${name}`, () => {
      terraform.run(exampleFolder(name), 'init', '-no-color', '-input=false');
      terraform.run(exampleFolder(name), 'validate', '-no-color');
      plans.set(name, makePlan(terraform, exampleFolder(name), inputs));
    });

    it(`applies ${name}, and has nothing to change afterwards`, () => {
      terraform.run(exampleFolder(name), 'apply', '-no-color', '-input=false', 'plan');
      const { status, output } = terraform.attempt(exampleFolder(name), 'plan', '-no-color', '-detailed-exitcode');
      assert.equal(status, 0, output);
    });
  }
});

describe('every plan', () => {
  for (const name of Object.keys(EXAMPLES)) {
    it(`of ${name} links every zone to the AML VNET and to the BASTION VNET`, () => {
      const links = plan(name).of('private_dns_zone_virtual_network_link');
      const linked = new Map<string, Set<string>>();
      for (const { values } of links) {
        const zone = String(values.private_dns_zone_name);
        linked.set(zone, (linked.get(zone) ?? new Set<string>()).add(String(values.name)));
        assert.equal(values.registration_enabled, false);
      }
      assert.deepEqual([...linked.keys()].sort(), Object.values(ZONES).sort());
      for (const [zone, networks] of linked) {
        assert.ok(networks.has('link-aml') && networks.has('link-bastion'), `${zone}: ${[...networks].join(', ')}`);
      }
      assert.equal(
        links.length,
        [...linked.values()].reduce((sum, { size }) => sum + size, 0),
      );
    });

    it(`of ${name} peers the networks on both sides`, () => {
      const names = plan(name)
        .of('virtual_network_peering')
        .map(({ values }) => String(values.name));
      assert.ok(names.includes('aml-to-bastion') && names.includes('bastion-to-aml'), names.join(', '));
    });

    it(`of ${name} reaches workspace, storage, vault and registry by private endpoints`, () => {
      const groups = plan(name)
        .of('private_endpoint')
        .map(({ values }) => {
          const [connection] = values.private_service_connection as [{ subresource_names: [string] }];
          return connection.subresource_names[0];
        });
      for (const group of ['amlworkspace', 'blob', 'file', 'queue', 'table', 'dfs', 'vault', 'registry']) {
        assert.ok(groups.includes(group), `no endpoint for ${group}`);
      }
    });

    it(`of ${name} lets nothing in from everywhere, and closes every group`, () => {
      const groups = plan(name).of('network_security_group');
      assert.ok(groups.length > 0);
      for (const group of groups) checkSecurityGroup(group);
    });

    it(`of ${name} gives a public address to nothing but the firewall and Azure Bastion`, () => {
      const addresses = plan(name)
        .of('public_ip')
        .map(({ address }) => address);
      for (const address of addresses) assert.match(address, /module\.firewall|azurerm_public_ip\.bastion/);
      for (const { values, address } of plan(name).of('network_interface')) {
        assert.ok(!JSON.stringify(values).includes('public_ip_address_id":"'), address);
      }
      for (const { values } of plan(name).of('machine_learning_compute_cluster')) {
        assert.equal(values.node_public_ip_enabled, false);
      }
    });

    it(`of ${name} hands no token over, and no key that opens anything`, () => {
      const { text, of } = plan(name);
      assert.doesNotMatch(text, /VSTS_AGENT_INPUT_TOKEN|--token|SharedAccessSignature|sig=/);
      for (const { values } of of('storage_account')) assert.equal(values.shared_access_key_enabled, false);
      for (const { values } of of('container_registry')) assert.equal(values.admin_enabled, false);
      for (const { values } of of('linux_virtual_machine')) assert.equal(values.admin_password ?? null, null);
    });
  }
});

function checkSecurityGroup({ address, values }: PlannedResource): void {
  const rules = values.security_rule as readonly Readonly<Record<string, unknown>>[];
  const everywhere = ['*', 'Internet', '0.0.0.0/0', 'Any'];
  for (const rule of rules.filter(({ direction, access }) => direction === 'Inbound' && access === 'Allow')) {
    const sources = [rule.source_address_prefix, ...((rule.source_address_prefixes ?? []) as unknown[])];
    assert.deepEqual(
      sources.filter((source) => everywhere.includes(String(source))),
      [],
      `${address}: ${String(rule.name)}`,
    );
  }
  for (const direction of ['Inbound', 'Outbound']) {
    const closing = rules.find((rule) => rule.priority === 4096 && rule.direction === direction);
    assert.equal(closing?.access, 'Deny', `${address} stays open ${direction}`);
  }
}

describe('the reference architecture', () => {
  it('is as large as its parts', () => {
    const { of } = plan('reference-architecture');
    assert.equal(of('virtual_network').length, 3);
    assert.equal(of('virtual_network_peering').length, 6);
    assert.equal(of('private_dns_zone_virtual_network_link').length, 9 * 3);
    assert.equal(of('private_endpoint').length, 8);
    assert.equal(of('linux_virtual_machine').length, 3);
  });

  it('opens to training what Azure Machine Learning documents, UDP included', () => {
    const group = plan('reference-architecture')
      .of('network_security_group')
      .find(({ values }) => String(values.name).endsWith('-training'));
    const rules = group?.values.security_rule as readonly Readonly<Record<string, unknown>>[];
    const service = rules.filter(
      ({ destination_address_prefix }) => destination_address_prefix === 'AzureMachineLearning',
    );
    assert.deepEqual(
      service
        .map(({ protocol, destination_port_range, destination_port_ranges }) => [
          protocol,
          destination_port_range === null
            ? [...(destination_port_ranges as string[])].sort()
            : [destination_port_range],
        ])
        .sort(),
      [
        ['Tcp', ['18881', '443', '8787']],
        ['Udp', ['5831']],
      ],
    );
  });

  it('makes the scale set as Azure DevOps asks for it', () => {
    const [scaleSet] = plan('reference-architecture').of('linux_virtual_machine_scale_set');
    const { overprovision, upgrade_mode, instances, single_placement_group, platform_fault_domain_count } =
      scaleSet?.values ?? {};
    assert.deepEqual(
      { overprovision, upgrade_mode, instances, single_placement_group, platform_fault_domain_count },
      {
        overprovision: false,
        upgrade_mode: 'Manual',
        instances: 0,
        single_placement_group: false,
        platform_fault_domain_count: 1,
      },
    );
  });
});

describe('an existing hub', () => {
  it('creates neither networks, zones, firewalls nor routes that others own', () => {
    const { of } = plan('existing-hub');
    for (const type of [
      'private_dns_zone',
      'firewall',
      'firewall_policy',
      'route_table',
      'public_ip',
      'bastion_host',
    ]) {
      assert.deepEqual(
        of(type).map(({ address }) => address),
        [],
        type,
      );
    }
    assert.deepEqual(
      of('virtual_network').map(({ values }) => values.name),
      ['vnet-mlops-test1-bastion'],
    );
    assert.ok(of('subnet').every(({ values }) => values.virtual_network_name === 'vnet-mlops-test1-bastion'));
  });

  it('links zones where they are, in the hub’s subscription', () => {
    const links = plan('existing-hub').of('private_dns_zone_virtual_network_link');
    assert.ok(links.every(({ values }) => values.resource_group_name === 'rg-connectivity'));
    assert.match(plan('existing-hub').configuration, /azurerm\.hub/);
  });

  it('sends its networks’ questions to the given DNS servers', () => {
    const [network] = plan('existing-hub').of('virtual_network');
    assert.deepEqual(network?.values.dns_servers, ['10.0.1.4', '10.0.1.5']);
  });

  it('leaves the hub’s side of the peerings to its owners', () => {
    const names = plan('existing-hub')
      .of('virtual_network_peering')
      .map(({ values }) => values.name);
    assert.deepEqual(names.sort(), ['aml-to-bastion', 'aml-to-hub', 'bastion-to-aml', 'bastion-to-hub']);
  });
});

describe('the secure research environment', () => {
  it('opens one storage account to known addresses and none to everyone', () => {
    const accounts = plan('secure-research').of('storage_account');
    const open = accounts.filter(({ values }) => values.public_network_access_enabled !== false);
    assert.deepEqual(
      open.map(({ values }) => values.name),
      ['strelmlopstest1'],
    );
    for (const { values } of accounts) {
      const [rules] = values.network_rules as [{ default_action: string }];
      assert.equal(rules.default_action, 'Deny');
    }
  });

  it('lets the review alone write to what leaves', () => {
    const writers = plan('secure-research')
      .of('role_assignment')
      .filter(
        ({ address, values }) =>
          address.includes('release') && values.role_definition_name !== 'Storage Blob Data Reader',
      );
    assert.deepEqual(
      writers.map(({ address }) => address),
      ['azurerm_role_assignment.review_releases'],
    );
  });

  it('has no public address but the firewall’s: Azure Bastion is private-only', () => {
    const { of } = plan('secure-research');
    assert.deepEqual(
      of('public_ip').map(({ address }) => address),
      ['module.network.module.firewall[0].azurerm_public_ip.this[0]'],
    );
    assert.equal(of('bastion_host')[0]?.values.sku, 'Premium');
  });
});

describe('wrong inputs', () => {
  it('are refused in a sentence', () => {
    const inputs = { ...EXAMPLES['reference-architecture'], bastion_clients: ['0.0.0.0/0'] };
    assert.throws(
      () => makePlan(terraform, exampleFolder('reference-architecture'), inputs),
      /and none is\s+everything\./,
    );
  });
});

describe('the tests of the modules', () => {
  for (const name of ['agent-user-data', 'agents-vm', 'network', 'private-dns', 'workspace']) {
    it(`pass for ${name}`, () => {
      const folder = join(work, 'agent-bootstrap/terraform/modules', name);
      terraform.run(folder, 'init', '-no-color', '-input=false');
      assert.match(terraform.run(folder, 'test', '-no-color'), /Success! \d+ passed, 0 failed\./);
    });
  }
});
