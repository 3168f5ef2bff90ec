/** Quota of a region: sizes of machines, how many cores of each family are in use, and how many may be. */
import type { EmulatorContext } from '../context.ts';
import { armRoute, type Evidence, type Incoming, type Route } from '../http.ts';
import { at, textAt, type JsonObject } from '../json.ts';
import type { ComputeRecord } from './computes.ts';
import type { OnlineDeploymentRecord } from './online-endpoint-records.ts';
import { COLLECTIONS } from './resource.ts';

interface MachineSize {
  readonly name: string;
  readonly family: string;
  readonly vCPUs: number;
  readonly memoryGB: number;
  readonly gpus: number;
}

const size = (name: string, family: string, vCPUs: number, memoryGB: number, gpus = 0): MachineSize => ({
  name,
  family,
  vCPUs,
  memoryGB,
  gpus,
});

/** Some of the sizes a region has, as the documentation of virtual machines gives them. */
const SIZES: readonly MachineSize[] = [
  size('Standard_DS1_v2', 'standardDSv2Family', 1, 3.5),
  size('Standard_DS2_v2', 'standardDSv2Family', 2, 7),
  size('Standard_DS3_v2', 'standardDSv2Family', 4, 14),
  size('Standard_DS4_v2', 'standardDSv2Family', 8, 28),
  size('Standard_DS5_v2', 'standardDSv2Family', 16, 56),
  size('Standard_F2s_v2', 'standardFSv2Family', 2, 4),
  size('Standard_F4s_v2', 'standardFSv2Family', 4, 8),
  size('Standard_F8s_v2', 'standardFSv2Family', 8, 16),
  size('Standard_E2s_v3', 'standardESv3Family', 2, 16),
  size('Standard_E4s_v3', 'standardESv3Family', 4, 32),
  size('Standard_D4as_v4', 'standardDASv4Family', 4, 16),
  size('Standard_NC6s_v3', 'standardNCSv3Family', 6, 112, 1),
];

/** Cores of a family that may be in use, unless a fault rule says otherwise. */
const LIMIT = 500;
/** Online deployments keep a fifth more for upgrades (documentation of online endpoints, "Virtual machine quota allocation"). */
const RESERVED = 1.2;

const LOCATION = '/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices/locations/{region}';
const spec = (operation: string): Evidence => ({
  mark: 'spec',
  source: `${operation} 2025-12-01; which sizes and limits: guessed`,
});

/** The routes a preflight reads. */
export function quotaRoutes(context: EmulatorContext): Route[] {
  const list = (path: string, operation: string, items: (request: Incoming) => readonly JsonObject[]): Route =>
    armRoute('GET', `${LOCATION}/${path}`, spec(operation), (request) => ({
      status: 200,
      body: { value: items(request) },
    }));
  return [
    list('usages', 'Usages_List', (request) => families().map((family) => usageBody(context, request, family))),
    list('quotas', 'Quotas_List', (request) => families().map((family) => quotaBody(context, request, family))),
    list('vmSizes', 'VirtualMachineSizes_List', () => SIZES.map(sizeBody)),
  ];
}

function families(): readonly string[] {
  return [...new Set(SIZES.map(({ family }) => family))];
}

function usageBody(context: EmulatorContext, request: Incoming, family: string): JsonObject {
  return {
    id: `${placeOf(request)}/usages/${family}`,
    amlWorkspaceLocation: request.params.region ?? '',
    type: 'Microsoft.MachineLearningServices/usages',
    unit: 'Count',
    currentValue: usedCores(context, family),
    limit: limitOf(context, family),
    name: nameOf(family),
  };
}

function quotaBody(context: EmulatorContext, request: Incoming, family: string): JsonObject {
  return {
    id: `${placeOf(request)}/quotas/${family}`,
    amlWorkspaceLocation: request.params.region ?? '',
    type: 'Microsoft.MachineLearningServices/vmFamily/quotas',
    name: nameOf(family),
    limit: limitOf(context, family),
    unit: 'Count',
  };
}

function placeOf({ params }: Incoming): string {
  return `/subscriptions/${params.subscription ?? ''}/providers/Microsoft.MachineLearningServices/locations/${params.region ?? ''}`;
}

/** `standardDSv2Family` → `Standard DSv2 Family Cluster Dedicated vCPUs` */
function nameOf(family: string): JsonObject {
  const [, series = ''] = /^standard(.+)Family$/.exec(family) ?? [];
  return { value: family, localizedValue: `Standard ${series} Family Cluster Dedicated vCPUs` };
}

function sizeBody({ name, family, vCPUs, memoryGB, gpus }: MachineSize): JsonObject {
  return {
    name,
    family,
    vCPUs,
    gpus,
    osVhdSizeMB: 1_047_552,
    maxResourceVolumeMB: memoryGB * 2048,
    memoryGB,
    lowPriorityCapable: true,
    premiumIO: true,
    supportedComputeTypes: ['AmlCompute', 'ComputeInstance', 'ManagedOnlineEndpoint'],
  };
}

function sizeOf(name: string): MachineSize | undefined {
  return SIZES.find((one) => one.name.toLowerCase() === name.toLowerCase());
}

function limitOf({ faults }: EmulatorContext, family: string): number {
  const rule = faults.isSet('quotaLimit', family) ? faults.take('quotaLimit', family) : undefined;
  const limit = at(rule?.parameters, 'limit');
  return typeof limit === 'number' ? limit : LIMIT;
}

/** The cores of a family that deployments and running instances hold; clusters hold none while nothing runs on them. */
function usedCores(context: EmulatorContext, family: string, without?: string): number {
  const cores = (machine: string, count: number): number => {
    const found = sizeOf(machine);
    return found?.family === family ? found.vCPUs * count : 0;
  };
  const deployments = context.state
    .collection<OnlineDeploymentRecord>('onlineDeployments')
    .list()
    .filter(
      ({ value }) =>
        value.kind === 'Managed' && value.state !== 'Failed' && value.id.toLowerCase() !== without?.toLowerCase(),
    )
    .map(({ value }) => cores(textAt(value.settings, 'instanceType') ?? '', value.capacity) * RESERVED);
  const instances = context.state
    .collection<ComputeRecord>(COLLECTIONS.computes)
    .list()
    .filter(({ value }) => value.computeType === 'ComputeInstance' && value.power === 'Running')
    .map(({ value }) => cores(textAt(value.wanted, 'vmSize') ?? '', 1));
  return Math.ceil([...deployments, ...instances].reduce((sum, value) => sum + value, 0));
}

export interface WantedMachines {
  /** ARM id of the deployment; what it holds now does not count against it. */
  readonly deployment: string;
  readonly instanceType: string;
  readonly instances: number;
}

/** Why these machines cannot be had, in the service's words; undefined when they can, or when their size is not known here. */
export function quotaProblem(context: EmulatorContext, wanted: WantedMachines): string | undefined {
  const found = sizeOf(wanted.instanceType);
  if (found === undefined) return undefined;
  const [used, limit] = [usedCores(context, found.family, wanted.deployment), limitOf(context, found.family)];
  const needed = Math.ceil(found.vCPUs * wanted.instances * RESERVED);
  return used + needed <= limit ? undefined : quotaText(context, wanted.instanceType, { used, limit, needed });
}

/** The service's sentence for a lack of quota (public reports). */
export function quotaText(
  { settings }: Pick<EmulatorContext, 'settings'>,
  instanceType: string,
  { used, limit, needed }: { readonly used: number; readonly limit: number; readonly needed: number },
): string {
  return `Not enough quota available for ${instanceType} in SubscriptionId ${settings.subscriptionId}. Current usage/limit: ${used}/${limit}. Additional needed: ${needed} Please see troubleshooting guide, available here: https://aka.ms/oe-tsg#error-outofquota`;
}
