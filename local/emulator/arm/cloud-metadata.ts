/** `/metadata/endpoints`: how clients of any cloud learn its names from its Resource Manager alone. */
import { CLOUDS, type Cloud } from '../clouds.ts';
import type { EmulatorContext } from '../context.ts';
import type { Route } from '../http.ts';

export function cloudMetadataRoutes({ cloud }: Pick<EmulatorContext, 'cloud'>): Route[] {
  return [
    {
      plane: 'arm',
      method: 'GET',
      path: '/metadata/endpoints',
      evidence: { mark: 'spec', source: 'public answer of https://management.azure.com/metadata/endpoints' },
      open: true,
      handle: (request) => {
        // The form before 2018 is one cloud's, and the one Azure Stack clients ask for; later ones list all clouds.
        const version = request.query.get('api-version') ?? '';
        if (version < '2018-01-01') return { status: 200, body: firstForm(cloud) };
        const known = CLOUDS.some(({ name }) => name === cloud.name);
        return { status: 200, body: (known ? CLOUDS : [cloud]).map(laterForm) };
      },
    },
  ];
}

function firstForm(cloud: Cloud): object {
  return {
    galleryEndpoint: `https://gallery.${cloud.storageSuffix}/`,
    graphEndpoint: `https://${cloud.graph}/`,
    portalEndpoint: `https://${cloud.portal}/`,
    authentication: { loginEndpoint: `https://${cloud.login}/`, audiences: audiences(cloud) },
  };
}

function laterForm(cloud: Cloud): object {
  return {
    portal: `https://${cloud.portal}`,
    authentication: {
      loginEndpoint: `https://${cloud.login}`,
      audiences: audiences(cloud),
      tenant: 'common',
      identityProvider: 'AAD',
    },
    graphAudience: `https://${cloud.graph}/`,
    graph: `https://${cloud.graph}/`,
    name: cloud.name,
    suffixes: {
      acrLoginServer: cloud.registrySuffix,
      keyVaultDns: cloud.keyVaultSuffix,
      storage: cloud.storageSuffix,
    },
    resourceManager: `https://${cloud.arm}/`,
    microsoftGraphResourceId: `https://${cloud.graph}/`,
    logAnalyticsResourceId: `https://${cloud.monitor}`,
  };
}

function audiences(cloud: Cloud): readonly string[] {
  return [`https://${cloud.arm}/`, `https://${cloud.arm}`];
}
