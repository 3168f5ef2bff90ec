/** Traffic of an online endpoint: percent by deployment. */
import { at, isJsonObject, type Json, type JsonObject } from './json.ts';
import { nameProblem } from './resource-names.ts';
import { writableEndpoint } from './writable-endpoint.ts';

export type Traffic = Readonly<Record<string, number>>;

/** What the endpoint's traffic rule is; deployments with none are left out. */
export function endpointTraffic(endpoint: Json | undefined): Traffic {
  return sharesAt(endpoint, 'traffic');
}

/** Which deployments get a copy of the traffic. */
export function mirrorTraffic(endpoint: Json | undefined): Traffic {
  return sharesAt(endpoint, 'mirrorTraffic');
}

function sharesAt(endpoint: Json | undefined, field: string): Traffic {
  const map = at(endpoint, 'properties', field);
  if (!isJsonObject(map)) return {};
  const shares = Object.entries(map).flatMap(([name, share]) => {
    const percent = Number(share);
    return percent > 0 ? [[name, percent] as const] : [];
  });
  return Object.fromEntries(shares);
}

/**
 * The traffic with one deployment at a share; the others divide the rest as they did before, in whole percents. Who alone has
 * nobody to share with gets everything.
 */
export function withShare(traffic: Traffic, deployment: string, percent: number): Traffic {
  const others = Object.entries(traffic).filter(([name, share]) => name !== deployment && share > 0);
  const total = others.reduce((sum, [, share]) => sum + share, 0);
  if (total === 0) return { [deployment]: 100 };
  const rest = 100 - percent;
  const exact = others.map(([name, share]) => ({ name, share: (share * rest) / total }));
  // Largest remainder: what rounding down leaves over goes to those who lost most by it.
  const byLoss = exact.toSorted((a, b) => (b.share % 1) - (a.share % 1) || (a.name < b.name ? -1 : 1));
  const left = rest - exact.reduce((sum, { share }) => sum + Math.floor(share), 0);
  const lucky = new Set(byLoss.slice(0, left).map(({ name }) => name));
  const shares = exact.map(({ name, share }) => [name, Math.floor(share) + (lucky.has(name) ? 1 : 0)] as const);
  return withoutZeros({ ...Object.fromEntries(shares), [deployment]: percent });
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

/** What a rollout changes of an endpoint; what is absent stays. */
export interface EndpointChange {
  readonly traffic?: Traffic;
  readonly mirror?: Traffic;
  readonly tags?: JsonObject;
}

/** The whole body of an endpoint's PUT with nothing else changed, so that auth, tags and network settings stay. */
export function changedEndpoint(endpoint: JsonObject, change: EndpointChange): JsonObject {
  return writableEndpoint(endpoint, {
    tags: change.tags,
    properties: {
      traffic: withoutZeros(change.traffic ?? endpointTraffic(endpoint)),
      ...(change.mirror === undefined || sameTraffic(change.mirror, mirrorTraffic(endpoint))
        ? {}
        : { mirrorTraffic: withoutZeros(change.mirror) }),
    },
  });
}

function withoutZeros(shares: Traffic): Traffic {
  return Object.fromEntries(Object.entries(shares).filter(([, share]) => share > 0));
}
