/** The examples, and the inputs they are checked with. */

const SUBSCRIPTION = '00000000-0000-4000-8000-000000000001';
const HUB_SUBSCRIPTION = '00000000-0000-4000-8000-0000000000aa';
const HUB = `/subscriptions/${HUB_SUBSCRIPTION}/resourceGroups/rg-connectivity/providers/Microsoft.Network`;
const LANDING_ZONE = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-landing-zone/providers/Microsoft.Network`;
const GROUP = '11111111-1111-4111-8111-111111111111';

const common = {
  subscription_id: SUBSCRIPTION,
  suffix: 'test1',
  organization_url: 'https://dev.azure.com/contoso',
  admin_ssh_public_key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAITEST agent@example',
};

export const ZONES: Readonly<Record<string, string>> = {
  workspace: 'privatelink.api.azureml.ms',
  notebooks: 'privatelink.notebooks.azure.net',
  blob: 'privatelink.blob.core.windows.net',
  file: 'privatelink.file.core.windows.net',
  queue: 'privatelink.queue.core.windows.net',
  table: 'privatelink.table.core.windows.net',
  dfs: 'privatelink.dfs.core.windows.net',
  vault: 'privatelink.vaultcore.azure.net',
  registry: 'privatelink.azurecr.io',
};

const amlSubnet = (name: string, address_prefix: string): object => ({
  id: `${LANDING_ZONE}/virtualNetworks/vnet-aml/subnets/${name}`,
  address_prefix,
});

/** Inputs by the example's folder. */
export const EXAMPLES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'reference-architecture': {
    ...common,
    bastion_clients: ['203.0.113.0/24'],
    scale_set: true,
    data_scientists: { science: GROUP },
    pipelines: { release: '22222222-2222-4222-8222-222222222222' },
  },
  'existing-hub': {
    ...common,
    hub_subscription_id: HUB_SUBSCRIPTION,
    hub_network_id: `${HUB}/virtualNetworks/vnet-hub`,
    hub_address_space: ['10.0.0.0/22'],
    firewall_private_ip_address: '10.0.0.4',
    dns_servers: ['10.0.1.4', '10.0.1.5'],
    zone_ids: Object.fromEntries(
      Object.entries(ZONES).map(([service, name]) => [service, `${HUB}/privateDnsZones/${name}`]),
    ),
    aml_network_id: `${LANDING_ZONE}/virtualNetworks/vnet-aml`,
    aml_address_space: ['10.10.0.0/16'],
    aml_subnets: {
      training: amlSubnet('training', '10.10.0.0/22'),
      scoring: amlSubnet('scoring', '10.10.4.0/22'),
      private_endpoints: amlSubnet('private-endpoints', '10.10.8.0/24'),
    },
    bastion_route_table_id: `${LANDING_ZONE}/routeTables/rt-landing-zone`,
    central_bastion_range: '10.0.2.0/26',
  },
  'secure-research': {
    ...common,
    researchers: { team: GROUP },
    recipients: { partners: '33333333-3333-4333-8333-333333333333' },
    recipient_ranges: ['198.51.100.0/24'],
  },
};
