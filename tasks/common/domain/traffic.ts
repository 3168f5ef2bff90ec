/** Traffic of an online endpoint: percent by deployment. */
import { at, isJsonObject, type Json, type JsonObject } from './json.ts';
import { nameProblem } from './resource-names.ts';

export type Traffic = Readonly<Record<string, number>>;

/** What the endpoint's traffic rule is; deployments with none are left out. */
export function endpointTraffic(endpoint: Json | undefined): Traffic {
  const map = at(endpoint, 'properties', 'traffic');
  if (!isJsonObject(map)) return {};
  const shares = Object.entries(map).flatMap(([name, share]) => {
    const percent = Number(share);
    return percent > 0 ? [[name, percent] as const] : [];
  });
  return Object.fromEntries(shares);
}

/** A sentence when this cannot be an endpoint's traffic: whole percents that make 100, or none at all. */
export function trafficProblem(traffic: Traffic): string | undefined {
  const shares = Object.entries(traffic);
  const wrong = shares.find(([, share]) => !Number.isInteger(share) || share < 0 || share > 100);
  if (wrong !== undefined)
    return `${wrong[0]} cannot get ${wrong[1]} % of the traffic: whole numbers from 0 to 100 are possible.`;
  const sum = shares.reduce((total, [, share]) => total + share, 0);
  return sum === 100 || sum === 0 ? undefined : `The traffic ${trafficText(traffic)} makes ${sum} %, not 100 %.`;
}

/** `blue 90 %, green 10 %`; `none` without traffic. */
export function trafficText(traffic: Traffic): string {
  const shares = Object.entries(traffic).filter(([, share]) => share > 0);
  return shares.length === 0 ? 'none' : shares.map(([name, share]) => `${name} ${share} %`).join(', ');
}

/** True when both rules send every request to the same place. */
export function sameTraffic(left: Traffic, right: Traffic): boolean {
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].every((name) => (left[name] ?? 0) === (right[name] ?? 0));
}

/** The deployment with the largest share; of equal shares the first by name. Undefined without traffic. */
export function liveDeployment(traffic: Traffic): string | undefined {
  const shares = Object.entries(traffic).filter(([, share]) => share > 0);
  return shares.toSorted(([a, left], [b, right]) => right - left || (a < b ? -1 : 1))[0]?.[0];
}

/**
 * The name of the deployment that comes next: the declared one while nobody uses it, otherwise its other colour (`blue` and
 * `green` as a word of the name change places; a name without colour gets one). Undefined when every such name has traffic.
 */
export function nextDeployment(declared: string, traffic: Traffic): string | undefined {
  const candidates = [declared, otherColour(declared)];
  return candidates.find((name) => (traffic[name] ?? 0) === 0 && nameProblem('deployment', name) === undefined);
}

function otherColour(name: string): string {
  if (/(^|-)blue(-|$)/.test(name)) return name.replace(/(^|-)blue(-|$)/, '$1green$2');
  if (/(^|-)green(-|$)/.test(name)) return name.replace(/(^|-)green(-|$)/, '$1blue$2');
  return `${name}-green`;
}

/** What the service fills in and does not take back. */
const READ_ONLY = ['scoringUri', 'swaggerUri', 'provisioningState', 'keys'];

/** The whole body of an endpoint's PUT with nothing but its traffic changed, so that auth, tags and network settings stay. */
export function withTraffic(endpoint: JsonObject, traffic: Traffic): JsonObject {
  const properties = isJsonObject(endpoint.properties) ? endpoint.properties : {};
  const kept = Object.fromEntries(Object.entries(properties).filter(([key]) => !READ_ONLY.includes(key)));
  const shares = Object.fromEntries(Object.entries(traffic).filter(([, share]) => share > 0));
  return {
    ...pick(endpoint, ['location', 'tags', 'kind', 'sku']),
    ...(isJsonObject(endpoint.identity) ? { identity: writableIdentity(endpoint.identity) } : {}),
    properties: { ...kept, traffic: shares },
  };
}

/** An identity as it may be sent: principal and tenant ids are the service's. */
function writableIdentity(identity: JsonObject): JsonObject {
  const assigned = identity.userAssignedIdentities;
  return {
    ...pick(identity, ['type']),
    ...(isJsonObject(assigned)
      ? { userAssignedIdentities: Object.fromEntries(Object.keys(assigned).map((id) => [id, {}])) }
      : {}),
  };
}

function pick(source: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(
    keys.flatMap((key) => {
      const value = source[key];
      return value === undefined || value === null ? [] : [[key, value] as const];
    }),
  );
}
