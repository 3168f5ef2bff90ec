/** Finds the route of a request: by plane, method and path template. The most literal template wins. */
import { EmulatedError, dataPlaneError, gatewayError } from './errors.ts';
import type { Plane, Route } from './http.ts';

export interface RouteMatch {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

export interface Router {
  readonly routes: readonly Route[];
  match(plane: Plane, method: string, path: string): RouteMatch | undefined;
}

interface Compiled {
  readonly route: Route;
  readonly segments: readonly string[];
  /** One letter a segment, in order: literals sort before names, names before the rest. */
  readonly rank: string;
}

/** Makes a router; two routes of one plane with the same method and template are a mistake of ours and throw. */
export function createRouter(routes: readonly Route[]): Router {
  const compiled = routes.map(compile).sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0));
  const seen = new Set<string>();
  for (const { route } of compiled) {
    const key = `${route.plane} ${route.method} ${route.path.toLowerCase()}`;
    if (seen.has(key)) throw new Error(`Two routes for ${key}.`);
    seen.add(key);
  }
  return {
    routes,
    match: (plane, method, path) => {
      const parts = splitPath(path);
      for (const candidate of compiled) {
        if (candidate.route.plane !== plane || candidate.route.method !== method) continue;
        const params = matchSegments(candidate.segments, parts);
        if (params !== undefined) return { route: candidate.route, params };
      }
      return undefined;
    },
  };
}

/**
 * The answer to a request no route takes: 501 naming the route, in the shape of its plane. Never 404 or 405, so that a
 * gap of the emulator cannot be mistaken for an answer of the service.
 */
export function unknownRoute(plane: Plane, method: string, path: string): EmulatedError {
  const message = `The emulator has no route for ${method} ${path}.`;
  switch (plane) {
    case 'arm':
      return gatewayError(501, 'NotImplemented', message);
    case 'regional':
    case 'scoring':
      return dataPlaneError('emulator', 501, 'NotImplemented', message);
    case 'login':
      return new EmulatedError({ answerer: 'entra', status: 501, code: 'not_implemented', message });
    case 'pipelines':
      return new EmulatedError({ answerer: 'pipelines', status: 501, code: 'NotImplemented', message });
    case 'blob':
      return new EmulatedError({ answerer: 'blob', status: 501, code: 'NotImplemented', message });
  }
}

function compile(route: Route): Compiled {
  const segments = splitPath(route.path);
  const rank = segments.map((segment) => (segment.endsWith('*}') ? 'c' : segment.startsWith('{') ? 'b' : 'a')).join('');
  return { route, segments, rank: `${rank}~` };
}

function matchSegments(segments: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    if (segment.endsWith('*}')) {
      params[segment.slice(1, -2)] = parts.slice(index).map(decode).join('/');
      return params;
    }
    const part = parts[index];
    if (part === undefined) return undefined;
    if (segment.startsWith('{') && segment.endsWith('}')) params[segment.slice(1, -1)] = decode(part);
    else if (segment.toLowerCase() !== part.toLowerCase()) return undefined;
  }
  return segments.length === parts.length ? params : undefined;
}

/** Empty segments (a double or trailing slash) do not count: clients that join URLs carelessly send them. */
function splitPath(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '');
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
