/**
 * What the provider's changelog adds between the schema's version (4.55.0, the last one published as a package) and the
 * oldest version the modules accept (4.77.0), as far as the modules use it.
 */
import type { ProviderSchema, TypeSchema } from './provider-schema.ts';

/** Returns the schema with the documented changes. Throws where the schema has them already: then they must go. */
export function withDocumentedChanges(schema: ProviderSchema): ProviderSchema {
  const { azurerm_machine_learning_workspace: workspace, azurerm_bastion_host: bastion } = schema.resource_schemas;
  if (workspace === undefined || bastion === undefined) throw new Error('the schema lacks the types that changed');
  const resource_schemas = {
    ...schema.resource_schemas,
    azurerm_machine_learning_workspace: withStorageAccessType(workspace),
    azurerm_bastion_host: withPrivateOnly(bastion),
  };
  return { ...schema, resource_schemas };
}

/** 4.77.0: the workspace reaches its storage account by identity instead of by account key. */
function withStorageAccessType({ version, block }: TypeSchema): TypeSchema {
  if ('storage_account_access_type' in block.attributes)
    throw new Error('storage_account_access_type is there already');
  const storage_account_access_type = { type: 'string', optional: true };
  return { version, block: { ...block, attributes: { ...block.attributes, storage_account_access_type } } };
}

/** 4.68.0: a Premium Bastion without a public address. */
function withPrivateOnly({ version, block }: TypeSchema): TypeSchema {
  const { ip_configuration } = block.block_types;
  if (ip_configuration?.block.attributes.public_ip_address_id?.required !== true) {
    throw new Error('public_ip_address_id is optional already');
  }
  const attributes = {
    ...ip_configuration.block.attributes,
    public_ip_address_id: { type: 'string', optional: true },
  };
  const changed = { ...ip_configuration, block: { ...ip_configuration.block, attributes } };
  return {
    version,
    block: {
      attributes: { ...block.attributes, private_only_enabled: { type: 'bool', computed: true } },
      block_types: { ...block.block_types, ip_configuration: changed },
    },
  };
}
