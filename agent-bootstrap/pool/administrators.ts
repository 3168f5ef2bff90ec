/** Makes an identity administrator of one pool, which is what registering agents needs; Service Account is not enough. */
import { UserError } from './errors.ts';
import type { Pool } from './organization.ts';
import { change, type Run } from './run.ts';

const ROLE = 'Administrator';
/** A new identity is not known everywhere at once. */
const ATTEMPTS = 6;
const BETWEEN_ATTEMPTS_MS = 10_000;

interface EntitlementAnswer {
  readonly operationResult?: {
    readonly isSuccess?: boolean;
    readonly servicePrincipalId?: string;
    readonly errors?: readonly { readonly key?: unknown; readonly value?: string }[];
  };
  readonly servicePrincipalEntitlement?: { readonly id?: string };
}

interface RoleAssignments {
  readonly value?: readonly {
    readonly identity?: { readonly id?: string };
    readonly role?: { readonly name?: string };
  }[];
}

/**
 * Adds the identity (its Entra object id) to the organization with a Basic licence, then gives it the role on the pool.
 * The role goes to the identity Azure DevOps knows, not to the Entra object. Throws a UserError with the service's reason.
 */
export async function ensureAdministrator(
  run: Run,
  pool: Pool | undefined,
  poolName: string,
  principal: string,
): Promise<void> {
  const what = `make ${principal} a user of the organization and administrator of the pool '${poolName}'`;
  if (run.isWhatIf || pool === undefined) {
    run.say(`would ${what}, where it is not yet`);
    return;
  }
  const user = await addToOrganization(run, principal);
  const { requests } = run.organization;
  const path = `/_apis/securityroles/scopes/distributedtask.agentpoolrole/roleassignments/resources/${pool.id}?api-version=7.1-preview.1`;
  const assignments = await requests.get<RoleAssignments>(path);
  if (assignments?.value?.some(({ identity, role }) => identity?.id === user && role?.name === ROLE) === true) {
    run.say(`${principal} is administrator of the pool '${poolName}'`);
    return;
  }
  await change(run, what, () => requests.send('PUT', path, [{ roleName: ROLE, userId: user }]));
}

/** Adding one that is there already answers with the same id. */
async function addToOrganization(run: Run, principal: string): Promise<string> {
  const wish = {
    accessLevel: { accountLicenseType: 'express' },
    servicePrincipal: { origin: 'aad', originId: principal, subjectKind: 'servicePrincipal' },
  };
  let reason = '';
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    if (attempt > 1) await run.clock.sleep(BETWEEN_ATTEMPTS_MS);
    const answer = await run.organization.entitlements.send<EntitlementAnswer>(
      'POST',
      '/_apis/serviceprincipalentitlements?api-version=7.1-preview.1',
      wish,
    );
    const id = answer.operationResult?.servicePrincipalId ?? answer.servicePrincipalEntitlement?.id;
    if (answer.operationResult?.isSuccess !== false && id !== undefined) return id;
    reason = answer.operationResult?.errors?.map(({ value = '' }) => value).join(' ') ?? 'it answered without an id';
    // VS403283: the directory does not hand the new identity out yet.
    if (!reason.includes('VS403283')) break;
  }
  throw new UserError(`${run.organization.url} did not take ${principal} as a user: ${reason}`);
}
