/** What a request to create or change an online endpoint may say, checked as the service checks it. */
import { badBody, mfeError, type EmulatedError } from '../errors.ts';
import { asObject, isJsonObject, objectAt, textAt, type Json, type JsonObject } from '../json.ts';
import type { AuthMode, OnlineDeploymentRecord } from './online-endpoint-records.ts';

/** What a PUT of the whole endpoint sets each time. */
export interface EndpointValues {
  readonly authMode: AuthMode;
  readonly description: string | null;
  readonly ownProperties: JsonObject;
  readonly compute: string | null;
  readonly publicNetworkAccess: string;
  readonly traffic: Readonly<Record<string, number>>;
  readonly mirrorTraffic: Readonly<Record<string, number>>;
  readonly tags: JsonObject;
}

export interface EndpointRequest {
  readonly values: EndpointValues;
  readonly identity: JsonObject;
  /** Set at creation only. */
  readonly keys: { readonly primary: string | undefined; readonly secondary: string | undefined };
}

const ENDPOINT_NAME = /^[a-zA-Z][-a-zA-Z0-9]{1,30}[a-zA-Z0-9]$/;
const DEPLOYMENT_NAME = /^[a-zA-Z][-a-zA-Z0-9]{2,31}$/;

/** Entries of `properties.properties` that the service writes; a client that sends back what it read does not set them. */
const WRITTEN_BY_SERVICE = [
  'azureml.onlineendpointid',
  'BatchEndpointCreationApiVersion',
  'AzureAsyncOperationUri',
  'createdBy',
  'createdAt',
  'lastModifiedAt',
];

/** Throws a 400 for what cannot be the name of an endpoint, online or batch. */
export function requireEndpointName(name: string): void {
  if (ENDPOINT_NAME.test(name)) return;
  throw badBody(
    `The name ${name} is invalid. An endpoint name has 3 to 32 letters, digits or hyphens, begins with a letter and ends with a letter or a digit.`,
  );
}

/** Throws a 400 for what cannot be the name of a deployment, online or batch. */
export function requireDeploymentName(name: string): void {
  if (DEPLOYMENT_NAME.test(name)) return;
  throw badBody(
    'The name for a deployment must be at least 3 and at most 32 characters long (inclusive of both limits), begin with a letter and have letters, digits and hyphens only.',
  );
}

/** Reads the body of an endpoint's PUT. Throws a 400. */
export function readEndpointRequest(name: string, body: unknown): EndpointRequest {
  requireEndpointName(name);
  if (!isJsonObject(body) || !isJsonObject(body.properties)) throw badBody('The request body needs properties.');
  if (textAt(body, 'location') === undefined) throw badBody('The location property is required for this definition.');
  const properties = body.properties;
  return {
    values: {
      authMode: readAuthMode(textAt(properties, 'authMode')),
      description: textAt(properties, 'description') ?? null,
      ownProperties: ownEntries(objectAt(properties, 'properties')),
      compute: textAt(properties, 'compute') ?? null,
      publicNetworkAccess: readSwitch('publicNetworkAccess', properties.publicNetworkAccess) ?? 'Enabled',
      traffic: readPercentages('traffic', properties.traffic),
      mirrorTraffic: readPercentages('mirrorTraffic', properties.mirrorTraffic),
      tags: asObject(body.tags),
    },
    identity: asObject(body.identity),
    keys: { primary: textAt(properties, 'keys', 'primaryKey'), secondary: textAt(properties, 'keys', 'secondaryKey') },
  };
}

/** The service takes any case and answers its own. */
function readAuthMode(text: string | undefined): AuthMode {
  const modes: Readonly<Record<string, AuthMode>> = { key: 'Key', amltoken: 'AMLToken', aadtoken: 'AADToken' };
  const mode = modes[(text ?? '').toLowerCase().replaceAll('_', '')];
  if (mode === undefined)
    throw badBody(`The value ${text ?? 'null'} of authMode is not one of Key, AMLToken, AADToken.`);
  return mode;
}

/** `enabled` or `Disabled` in the service's case; undefined when absent. */
export function readSwitch(member: string, value: Json | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  const words = ['Enabled', 'Disabled'];
  const found = words.find((word) => typeof value === 'string' && word.toLowerCase() === value.toLowerCase());
  if (found === undefined)
    throw badBody(`The value ${JSON.stringify(value)} of ${member} is not one of Enabled, Disabled.`);
  return found;
}

/** A user's entries of `properties.properties`, without those the service writes. */
export function ownEntries(properties: JsonObject | undefined): JsonObject {
  return Object.fromEntries(Object.entries(properties ?? {}).filter(([key]) => !WRITTEN_BY_SERVICE.includes(key)));
}

function readPercentages(member: string, value: Json | undefined): Record<string, number> {
  const shares: Record<string, number> = {};
  for (const [name, share] of Object.entries(asObject(value))) {
    if (typeof share !== 'number' || !Number.isInteger(share) || share < 0 || share > 100) {
      throw trafficRefused(member, `${name} needs a whole percentage from 0 to 100, not ${JSON.stringify(share)}.`);
    }
    shares[name] = share;
  }
  return shares;
}

/** Throws a 400 when the rule does not add up or names a deployment that is not there. */
export function checkTraffic(request: EndpointValues, deployments: readonly OnlineDeploymentRecord[]): void {
  const sum = Object.values(request.traffic).reduce((total, share) => total + share, 0);
  if (sum !== 0 && sum !== 100) {
    throw trafficRefused('traffic', `The percentages sum up to ${sum}. The sum of traffic must be 0 or 100.`);
  }
  const known = deployments.map(({ name }) => name.toLowerCase());
  for (const member of ['traffic', 'mirrorTraffic'] as const) {
    for (const name of Object.keys(request[member])) {
      if (!known.includes(name.toLowerCase())) {
        throw trafficRefused(member, `Deployment ${name} does not exist in this endpoint.`);
      }
    }
  }
  const mirrored = Object.entries(request.mirrorTraffic).filter(([, share]) => share > 0);
  if (mirrored.length > 0 && request.compute !== null) {
    throw trafficRefused('mirrorTraffic', 'Traffic cannot be mirrored on a Kubernetes endpoint.');
  }
  if (mirrored.length > 1) throw trafficRefused('mirrorTraffic', 'Traffic can be mirrored to one deployment only.');
  for (const [name, share] of mirrored) {
    if (share > 50) throw trafficRefused('mirrorTraffic', 'At most 50 percent of the traffic can be mirrored.');
    if ((request.traffic[name] ?? 0) > 0) {
      throw trafficRefused('mirrorTraffic', `Deployment ${name} receives live traffic and cannot be mirrored to.`);
    }
  }
}

function trafficRefused(member: string, message: string): EmulatedError {
  return inferencingRefused('InferencingClientCallFailed', { [member]: [message] });
}

/** A refusal of the service behind endpoints: its own validation document travels inside of the detail's message. */
export function inferencingRefused(code: string, errors: JsonObject, prefix = ''): EmulatedError {
  const document = { errors, title: 'One or more validation errors occurred.' };
  return mfeError(400, 'BadRequest', 'The request is invalid.', {
    details: [{ code, message: `${prefix}${JSON.stringify(document)}` }],
  });
}
