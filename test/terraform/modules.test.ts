/** The Terraform modules, checked without terraform: against the provider's schema, each other and their own promises. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { repositoryRoot } from '../../scripts/task-contract.ts';
import { findStaleReadmes, moduleFolders } from '../../scripts/terraform-readmes.ts';
import { referenceProblems } from './checks/check-references.ts';
import { schemaProblems } from './checks/check-schema.ts';
import { variableProblems } from './checks/check-variables.ts';
import { type DeclaredBlock, type Module, readModule } from './checks/read-module.ts';
import { withDocumentedChanges } from './schema/documented-changes.ts';
import { readSchema } from './schema/read-schema.ts';
import { DATA_SOURCE_TYPES, RESOURCE_TYPES } from './schema/schema-types.ts';

const schema = readSchema();
let modules: ReadonlyMap<string, Module>;

function resources(type: string): readonly (DeclaredBlock & { readonly module: string })[] {
  return [...modules.values()].flatMap(({ folder, resources: declared }) =>
    declared
      .filter((block) => block.type === `azurerm_${type}`)
      .map((block) => ({ ...block, module: basename(folder) })),
  );
}

/** Writes one file as a module of its own and reads it. */
async function planted(source: string): Promise<Module> {
  const folder = mkdtempSync(join(tmpdir(), 'terraform-module-'));
  try {
    writeFileSync(join(folder, 'main.tf'), source);
    return await readModule(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

before(async () => {
  const read = await Promise.all(moduleFolders().map(readModule));
  modules = new Map(read.map((module) => [module.folder, module]));
});

describe('the Terraform modules', () => {
  it('fit the schema of the provider', () => {
    const problems = [...modules.values()].flatMap((module) =>
      schemaProblems(module, schema).map((problem) => `${basename(module.folder)}/${problem}`),
    );
    assert.deepEqual(problems, []);
  });

  it('refer to what is declared, and use what they declare', () => {
    const problems = [...modules.values()].flatMap((module) =>
      referenceProblems(module, schema, modules).map((problem) => `${basename(module.folder)}/${problem}`),
    );
    assert.deepEqual(problems, []);
  });

  it('explain every variable and refuse what it cannot be in a sentence', () => {
    const problems = [...modules.values()].flatMap((module) =>
      variableProblems(module).map((problem) => `${basename(module.folder)}/${problem}`),
    );
    assert.deepEqual(problems, []);
  });

  it('have READMEs that list their inputs and outputs', async () => {
    assert.deepEqual(
      (await findStaleReadmes()).map(({ file }) => file),
      [],
      'run `npm run terraform:readme`',
    );
  });

  it('use every type of the committed schema, which has no other', () => {
    const used = new Set([...modules.values()].flatMap((module) => module.resources.map(({ type }) => type)));
    assert.deepEqual(Object.keys(schema.resource_schemas).sort(), [...RESOURCE_TYPES].sort());
    assert.deepEqual(Object.keys(schema.data_source_schemas), [...DATA_SOURCE_TYPES]);
    assert.deepEqual(
      [...RESOURCE_TYPES].filter((type) => !used.has(type)),
      [],
    );
  });

  it('are checked against additions that the schema’s version does not have', () => {
    assert.throws(() => withDocumentedChanges(schema), /there already/);
  });
});

describe('what the Terraform modules promise', () => {
  it('no public address but those of the firewall and of Azure Bastion', () => {
    assert.deepEqual([...new Set(resources('public_ip').map(({ module }) => module))].sort(), [
      'firewall',
      'jump-host',
    ]);
    for (const { address, body } of resources('network_interface')) {
      assert.ok(!JSON.stringify(body).includes('public_ip'), address);
    }
    for (const { address, body } of resources('linux_virtual_machine_scale_set')) {
      assert.ok(!JSON.stringify(body).includes('public_ip'), address);
    }
  });

  it('computes without a public address, SSH or local authentication', () => {
    const clusters = resources('machine_learning_compute_cluster');
    assert.ok(clusters.length > 0);
    for (const { body } of clusters) {
      assert.deepEqual(
        [body.node_public_ip_enabled, body.ssh_public_access_enabled, body.local_auth_enabled],
        [false, false, false],
      );
    }
  });

  it('no keys, no admin users, no passwords', () => {
    for (const { body, address } of resources('storage_account'))
      assert.equal(body.shared_access_key_enabled, false, address);
    for (const { body, address } of resources('container_registry')) assert.equal(body.admin_enabled, false, address);
    for (const { body, address } of resources('linux_virtual_machine')) {
      assert.equal(body.disable_password_authentication, true, address);
    }
    for (const { folder, variables } of modules.values()) {
      const secrets = [...variables.keys()].filter((name) =>
        /password|token|secret|_pat$|^pat$|private_key/.test(name),
      );
      assert.deepEqual(secrets, [], folder);
    }
  });

  it('no public access to what the workspace is made of', () => {
    for (const type of ['machine_learning_workspace', 'key_vault', 'container_registry']) {
      const found = resources(type);
      assert.ok(found.length > 0, type);
      for (const { body, address } of found) assert.equal(body.public_network_access_enabled, false, address);
    }
    const open = resources('storage_account').filter(({ body }) => body.public_network_access_enabled !== false);
    assert.deepEqual(
      open.map(({ module, address }) => `${module}: ${address}`),
      ['secure-research: azurerm_storage_account.public'],
    );
  });
});

describe('the offline check of Terraform files', () => {
  it('names each structural fault', async () => {
    const module = await planted(`
      resource "azurerm_virtual_network" "a" {
        name                = "a"
        location            = "westeurope"
        adress_space        = ["10.0.0.0/16"]
        guid                = "x"
        tags                = "none"
      }
      resource "azurerm_bastion_host" "b" {
        name                = "b"
        location            = azurerm_virtual_network.a.region
        resource_group_name = azurerm_virtual_network.missing.name
        copy_paste_enabled  = "perhaps"
        ip_configuration {
          name = "one"
        }
        ip_configuration {
          name      = "two"
          subnet_id = "x"
        }
      }
      resource "azurerm_virtual_netwrk" "c" {}
      resource "azurerm_network_security_group" "d" {
        name                = "d"
        location            = "westeurope"
        resource_group_name = "rg"
        dynamic "security_rule" {
          for_each = []
          content {
            nam = "x"
          }
        }
      }
    `);
    assert.deepEqual([...schemaProblems(module, schema)].sort(), [
      'main.tf: azurerm_bastion_host.b: "copy_paste_enabled" must be a bool',
      'main.tf: azurerm_bastion_host.b: at most 1 block "ip_configuration"',
      'main.tf: azurerm_bastion_host.b: ip_configuration: missing argument "subnet_id"',
      'main.tf: azurerm_network_security_group.d: security_rule: unknown argument "nam"',
      'main.tf: azurerm_virtual_network.a: "guid" is read-only',
      'main.tf: azurerm_virtual_network.a: "tags" must be a map',
      'main.tf: azurerm_virtual_network.a: missing argument "resource_group_name"',
      'main.tf: azurerm_virtual_network.a: unknown argument or block "adress_space"',
      'main.tf: azurerm_virtual_netwrk.c: unknown type "azurerm_virtual_netwrk"',
    ]);
    assert.deepEqual(referenceProblems(module, schema, new Map()), [
      'main.tf: azurerm_virtual_network.a.region: no attribute "region"',
      'main.tf: azurerm_virtual_network.missing.name is not declared',
    ]);
  });

  it('names references, calls and variables that lead nowhere', async () => {
    const called = await planted(
      'variable "needed" {}\nvariable "given" { default = 1 }\noutput "there" { value = 1 }',
    );
    const module = await planted(`
      variable "unused" { type = string }
      locals { lost = 1 }
      module "m" {
        source = "./called"
        unknown = var.absent
      }
      output "o" { value = [module.m.elsewhere, module.n.there, local.none] }
    `);
    const known = new Map([[join(module.folder, 'called'), called]]);
    assert.deepEqual(
      referenceProblems(module, schema, known).filter((problem) => !problem.includes('var.unused')),
      [
        'main.tf: var.absent is not declared',
        'main.tf: local.none is not declared',
        'main.tf: module.m.elsewhere: the module has no such output',
        'main.tf: module.n.there is not called',
        'main.tf: module.m: the module has no input "unknown"',
        'main.tf: module.m: missing input "needed"',
        'nothing reads local.lost',
      ],
    );
    assert.deepEqual(variableProblems(module), [
      'variable unused: its description is no sentence',
      'variable unused: has no validation',
      'output o: its description is no sentence',
    ]);
  });

  it('says where a file is no HCL', async () => {
    await assert.rejects(planted('resource "a" {'), /main\.tf/);
  });
});

describe('the committed schema of the provider', () => {
  it('carries its licence', () => {
    const notice = readFileSync(join(repositoryRoot, 'test/terraform/schema/NOTICE.md'), 'utf8');
    assert.match(notice, /Mozilla Public License, version 2\.0/);
  });
});
