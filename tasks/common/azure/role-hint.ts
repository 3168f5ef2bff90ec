/** Which role is missing when the service refuses an action: the least built-in role that holds it. */

interface RoleRule {
  readonly action: RegExp;
  readonly role: string;
  readonly on: string;
}

/** First match wins. Roles and their actions as in Azure's list of built-in roles. */
const rules: readonly RoleRule[] = [
  { action: /^microsoft\.storage\/.*\/blobs?\/read$/, role: 'Storage Blob Data Reader', on: 'the storage account' },
  { action: /^microsoft\.storage\/.*\/blob/, role: 'Storage Blob Data Contributor', on: 'the storage account' },
  {
    action: /^microsoft\.storage\/.*\/(?:listkeys|listaccountsas)\/action$/,
    role: 'Storage Account Key Operator Service Role',
    on: 'the storage account',
  },
  { action: /^microsoft\.machinelearningservices\/registries\//, role: 'AzureML Registry User', on: 'the registry' },
  {
    action: /^microsoft\.machinelearningservices\/workspaces\/computes\/(?:.*\/)?(?:write|delete)$/,
    role: 'AzureML Compute Operator',
    on: 'the workspace',
  },
  {
    action: /^microsoft\.machinelearningservices\/workspaces\/(?:write|delete|listkeys\/action)$/,
    role: 'Contributor',
    on: 'the workspace',
  },
  { action: /^microsoft\.machinelearningservices\/.*\/read$/, role: 'Reader', on: 'the workspace' },
  { action: /^microsoft\.machinelearningservices\//, role: 'AzureML Data Scientist', on: 'the workspace' },
  {
    action: /^microsoft\.managedidentity\/.*\/assign\/action$/,
    role: 'Managed Identity Operator',
    on: 'the user-assigned identity',
  },
  {
    action: /^microsoft\.authorization\/roleassignments\//,
    role: 'Role Based Access Control Administrator',
    on: 'the scope named in the message',
  },
  {
    action: /^microsoft\.network\/.*\/(?:join\/action|joinviaserviceendpoint\/action)$/,
    role: 'Network Contributor',
    on: 'the subnet',
  },
  { action: /\/read$/, role: 'Reader', on: 'the scope named in the message' },
  { action: /./, role: 'Contributor', on: 'the scope named in the message' },
];

/**
 * One sentence on the missing role, from an authorisation error's code and message
 * ("… does not have authorization to perform action 'X' over scope 'Y' …"); undefined when it is no such error.
 */
export function roleHint(code: string, message: string): string | undefined {
  if (code === 'AuthorizationPermissionMismatch' || code === 'InsufficientAccountPermissions') {
    return 'Give the service connection the role "Storage Blob Data Contributor" on the storage account; a new assignment takes up to ten minutes to work.';
  }
  const action = /action\(?s?\)?\s*'([^']+)'/i.exec(message)?.[1] ?? /\b(Microsoft\.[\w]+\/[\w/]+)/.exec(message)?.[1];
  if (action === undefined || !/authori[sz]|permission|forbidden|access/i.test(`${code} ${message}`)) return undefined;
  const rule = rules.find((candidate) => candidate.action.test(action.toLowerCase()));
  if (rule === undefined) return undefined;
  const scope = /over scope '([^']+)'/i.exec(message)?.[1];
  const where = scope === undefined ? '' : ` (${scope})`;
  return `Give the service connection the role "${rule.role}" on ${rule.on}${where}; a new assignment takes up to ten minutes to work.`;
}
