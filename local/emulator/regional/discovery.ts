/** Where a region's services are. Asked without a token. */
import { regionalHost } from '../clouds.ts';
import type { EmulatorContext } from '../context.ts';
import type { Incoming, Reply, Route } from '../http.ts';

const HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers':
    'Content-Length, Content-Range, Content-Type, Retry-After, Location, x-request-time, x-ms-client-request-id',
};

export function discoveryRoutes({ cloud }: EmulatorContext): Route[] {
  const answer = (request: Incoming): Reply => {
    const api = `https://${regionalHost(cloud, request.region ?? '')}`;
    const body = {
      api,
      catalog: 'https://catalog.cortanaanalytics.com',
      experimentation: api,
      gallery: 'https://gallery.cortanaintelligence.com/project',
      history: api,
      hyperdrive: api,
      labeling: api,
      modelmanagement: api,
      pipelines: api,
      studio: `https://${cloud.studio}`,
    };
    return { status: 200, headers: HEADERS, body };
  };
  const route = (path: string, mark: 'recorded' | 'guessed', source: string): Route => ({
    plane: 'regional',
    method: 'GET',
    path,
    evidence: { mark, source },
    open: true,
    handle: answer,
  });
  return [
    route('/discovery', 'recorded', 'discovery/get'),
    route('/discovery/workspaces/{workspaceId}', 'guessed', 'path used by older SDKs; body as discovery/get'),
  ];
}
