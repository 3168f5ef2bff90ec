/** The token requests are signed with: of the Azure CLI, of a managed identity, or from the environment. */
import {
  AzureCliCredential,
  ChainedTokenCredential,
  ManagedIdentityCredential,
  type TokenCredential,
} from '@azure/identity';
import { UserError } from './errors.ts';

/** The application id of Azure DevOps in every Entra tenant. */
const AZURE_DEVOPS_SCOPE = '499b84ac-1321-427f-aa17-267ca6975798/.default';

export interface Token {
  readonly kind: 'bearer' | 'personal';
  readonly secret: string;
}

/**
 * Takes a token. `environmentToken` (AZURE_DEVOPS_TOKEN) goes first where it is set: an Entra token or, as the last
 * resort, a personal access token. Throws a UserError that names what was tried.
 */
export async function takeToken(identity: string | undefined, environmentToken: string | undefined): Promise<Token> {
  if (environmentToken !== undefined && environmentToken !== '') {
    const isEntra = /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(environmentToken);
    return { kind: isEntra ? 'bearer' : 'personal', secret: environmentToken };
  }
  const credential = credentialOf(identity);
  try {
    const answer = await credential.getToken(AZURE_DEVOPS_SCOPE);
    if (answer === null) throw new Error('the answer holds no token');
    return { kind: 'bearer', secret: answer.token };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new UserError(
      identity === undefined
        ? `no token for Azure DevOps: sign in with 'az login', run on a machine with a managed identity, or set AZURE_DEVOPS_TOKEN (${reason})`
        : `no token for Azure DevOps: this machine does not have the managed identity ${identity} (${reason})`,
    );
  }
}

/** Who names an identity means that one: no other account takes its place. */
function credentialOf(identity: string | undefined): TokenCredential {
  if (identity !== undefined) return new ManagedIdentityCredential({ clientId: identity });
  // In this order, because a machine outside of Azure takes minutes to find that it has no identity.
  return new ChainedTokenCredential(new AzureCliCredential(), new ManagedIdentityCredential());
}
