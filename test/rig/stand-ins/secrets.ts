/** Every secret of the rig: none may appear on a command line, in a file, in a capability or in a log. */
export const secrets = {
  organizationToken: 'eyJ-identity-token-for-azure-devops',
  expiredToken: 'eyJ-identity-token-that-has-expired',
  vaultToken: 'eyJ-identity-token-for-key-vault',
  storageToken: 'eyJ-identity-token-for-storage',
  servicePrincipalSecret: 'client~secret/of+the=principal',
  servicePrincipalToken: 'eyJ-service-principal-token',
  personalAccessToken: 'pat-of-somebody-52-characters',
  proxyPassword: 'proxy "pass\\word',
} as const;
