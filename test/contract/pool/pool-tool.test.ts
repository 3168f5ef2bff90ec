/** The pool tool as it is shipped, against an organization on its real host names. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../../../scripts/task-contract.ts';
import type { StandInAgent } from './azure-devops-routes.ts';
import { type AzureDevOps, startAzureDevOps, TOKEN } from './azure-devops-stand-in.ts';

const URL = 'https://dev.azure.com/contoso';
const IDENTITY = '11111111-1111-4111-8111-111111111111';
const CONNECTION = '22222222-2222-4222-8222-222222222222';
const PROJECT = '33333333-3333-4333-8333-333333333333';
const SCALE_SET =
  '/subscriptions/s/resourceGroups/rg-bastion/providers/Microsoft.Compute/virtualMachineScaleSets/vmss-elastic';
const HOUR = 3_600_000;

let folder: string;
let service: AzureDevOps;

interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs the bundle with nothing in its environment but what it may see. */
async function pool(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const env = {
    PATH: folder,
    HTTPS_PROXY: service.proxyUrl,
    NO_PROXY: '127.0.0.1',
    NODE_EXTRA_CA_CERTS: join(folder, 'authority.pem'),
    AZURE_DEVOPS_TOKEN: TOKEN,
    ...environment,
  };
  const bundle = join(repositoryRoot, 'dist/agent-bootstrap/pool.cjs');
  const child = spawn(process.execPath, [bundle, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  for (const { url } of service.exchanges) assert.ok(!url.includes(TOKEN), 'a token in a URL');
  assert.ok(!(output + errors).includes(TOKEN), 'a token in the output');
  return { code, output, errors };
}

async function works(verb: string, ...args: readonly string[]): Promise<string> {
  const { code, output, errors } = await pool([verb, '--organization', URL, ...args]);
  assert.equal(code, 0, errors);
  return output;
}

function changes(): readonly string[] {
  return service.exchanges
    .filter(({ method }) => !/GET|OPTIONS/.test(method))
    .map(({ method, path }) => `${method} ${path}`);
}

function agent(id: number, name: string, more: Partial<StandInAgent> & { ageHours?: number } = {}): StandInAgent {
  const { ageHours = 0, ...rest } = more;
  const since = new Date(Date.now() - ageHours * HOUR).toISOString();
  return { id, name, status: 'online', enabled: true, createdOn: since, statusChangedOn: since, ...rest };
}

function addPool(name: string, agents: readonly StandInAgent[]): number {
  const id = service.state.pools.length + 1;
  service.state.pools.push({ id, name, autoUpdate: false });
  service.state.agents.set(id, [...agents]);
  return id;
}

function names(id: number): readonly string[] {
  return (service.state.agents.get(id) ?? []).map(({ name }) => name);
}

describe('the pool tool', () => {
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pool-tool-'));
    service = await startAzureDevOps();
    writeFileSync(join(folder, 'authority.pem'), service.authority);
  });

  after(() => {
    service.close();
    rmSync(folder, { recursive: true });
  });

  beforeEach(() => {
    service.exchanges.length = 0;
  });

  describe('ensure-pool', () => {
    const wish = ['--pool', 'aml private', '--administrator', IDENTITY];

    it('only says what it would do under --what-if', async () => {
      const output = await works('ensure-pool', ...wish, '--what-if');
      assert.match(output, /would create the pool 'aml private'/);
      assert.match(output, /would make 11111111-\S+ a user of the organization and administrator/);
      assert.deepEqual(changes(), []);
    });

    it('creates a pool whose agents do not update themselves, with maintenance and an administrator', async () => {
      await works('ensure-pool', ...wish);
      const created = service.state.pools.at(-1);
      assert.deepEqual(
        { name: created?.name, autoUpdate: created?.autoUpdate },
        { name: 'aml private', autoUpdate: false },
      );
      const [definition] = service.state.maintenance.get(created?.id ?? 0) ?? [];
      assert.deepEqual([definition?.enabled, definition?.options], [true, { workingDirectoryExpirationInDays: 7 }]);
      // The role goes to the identity that Azure DevOps knows, not to the Entra object.
      assert.deepEqual(service.state.roles.get(created?.id ?? 0), [
        { userId: `identity-of-${IDENTITY}`, roleName: 'Administrator' },
      ]);
    });

    it('changes nothing the second time', async () => {
      const output = await works('ensure-pool', ...wish);
      assert.deepEqual(changes(), ['POST /contoso/_apis/serviceprincipalentitlements']);
      assert.match(output, /the pool 'aml private' is as wanted/);
      assert.match(output, /the maintenance of the pool 'aml private' is as wanted/);
      assert.equal(service.state.roles.get(service.state.pools.length)?.length, 1);
    });

    it('turns the updates of an existing pool off, and corrects its maintenance', async () => {
      service.state.maintenance.set(1, [{ id: 1, enabled: false }]);
      await works('ensure-pool', '--pool', 'Default', '--keep-work-folders', '3');
      assert.equal(service.state.pools[0]?.autoUpdate, false);
      assert.deepEqual(service.state.maintenance.get(1)?.[0]?.options, { workingDirectoryExpirationInDays: 3 });
    });

    it('tells the reason when the organization does not take the identity', async () => {
      service.state.refusedEntitlements = ['VS403313: no licence is left.'];
      const { code, errors } = await pool(['ensure-pool', '--organization', URL, ...wish]);
      assert.equal(code, 1);
      assert.match(
        errors,
        /^ERROR: https:\/\/dev.azure.com\/contoso did not take 1111\S+ as a user: VS403313: no licence is left\.\n$/,
      );
    });
  });

  describe('ensure-elastic-pool', () => {
    const wish = [
      '--pool',
      'elastic',
      '--scale-set',
      SCALE_SET,
      '--service-connection',
      CONNECTION,
      '--project',
      PROJECT,
    ];

    it('creates one, leaves it alone, and resizes it', async () => {
      await works('ensure-elastic-pool', ...wish, '--max', '4', '--recycle');
      const id = service.state.pools.length;
      const { azureId, maxCapacity, desiredIdle, recycleAfterEachUse, osType } = service.state.elastic.get(id) ?? {};
      assert.deepEqual(
        { azureId, maxCapacity, desiredIdle, recycleAfterEachUse, osType },
        { azureId: SCALE_SET, maxCapacity: 4, desiredIdle: 0, recycleAfterEachUse: true, osType: 'linux' },
      );

      service.exchanges.length = 0;
      assert.match(await works('ensure-elastic-pool', ...wish, '--max', '4', '--recycle'), /is as wanted/);
      assert.deepEqual(changes(), []);

      const output = await works('ensure-elastic-pool', ...wish, '--max', '8', '--idle', '1', '--recycle');
      assert.match(output, /maxCapacity from 4 to 8, desiredIdle from 0 to 1/);
      assert.equal(service.state.elastic.get(id)?.maxCapacity, 8);
    });

    it('does not take over a pool that is none, or that belongs to another scale set', async () => {
      const run = ['ensure-elastic-pool', '--organization', URL, '--max', '4', ...wish];
      const ordinary = await pool(run.map((word) => (word === 'elastic' ? 'Default' : word)));
      assert.match(ordinary.errors, /the pool 'Default' exists and is no elastic pool/);
      const other = await pool(run.map((word) => (word === SCALE_SET ? `${SCALE_SET}-other` : word)));
      assert.match(other.errors, /belongs to \S+vmss-elastic; choose another name/);
      assert.deepEqual(changes(), []);
    });
  });

  describe('wait-online', () => {
    it('returns when enough agents are online', async () => {
      addPool('waiting', [agent(1, 'agent-01'), agent(2, 'agent-02'), agent(3, 'other-01')]);
      const output = await works('wait-online', '--pool', 'waiting', '--name-prefix', 'agent-', '--count', '2');
      assert.match(output, /2 of 2 agents online in the pool 'waiting'/);
    });

    it('says that there is no such pool', async () => {
      const { code, errors } = await pool(['wait-online', '--organization', URL, '--pool', 'nowhere']);
      assert.equal(code, 1);
      assert.match(errors, /has no agent pool 'nowhere' that this identity may see; create it with ensure-pool/);
    });
  });

  describe('reap', () => {
    it('removes agents long offline: neither busy ones, nor recent ones, nor those of others', async () => {
      const id = addPool('ghosts', [
        agent(1, 'agent-gone', { status: 'offline', ageHours: 30 }),
        agent(2, 'agent-rebooting', { status: 'offline', ageHours: 1 }),
        agent(3, 'agent-with-a-job', { status: 'offline', ageHours: 30, assignedRequest: { requestId: 7 } }),
        agent(4, 'agent-online', { ageHours: 30 }),
        agent(5, 'somebody-elses', { status: 'offline', ageHours: 900 }),
      ]);
      const wish = ['--pool', 'ghosts', '--name-prefix', 'agent-', '--offline-hours', '24'];

      assert.match(await works('reap', ...wish, '--what-if'), /would remove agent-gone, offline since 20/);
      assert.equal(names(id).length, 5);
      await works('reap', ...wish);
      assert.deepEqual(names(id), ['agent-rebooting', 'agent-with-a-job', 'agent-online', 'somebody-elses']);
      assert.match(await works('reap', ...wish), /0 agents of 3 in the pool 'ghosts' offline for 24 hours/);
    });
  });

  describe('rotate', () => {
    it('retires old agents after their job, and keeps enough online', async () => {
      const busy = agent(1, 'agent-old-busy', { ageHours: 24 * 40, assignedRequest: { requestId: 7 } });
      const id = addPool('rotating', [
        busy,
        agent(2, 'agent-old-idle', { ageHours: 24 * 40 }),
        agent(3, 'agent-old-last', { ageHours: 24 * 40 }),
        agent(4, 'agent-new'),
      ]);
      let disabledWithJob = false;
      service.state.beforeAgents = () => {
        disabledWithJob ||= !busy.enabled && busy.assignedRequest !== undefined;
        if (!busy.enabled) delete busy.assignedRequest;
      };
      const output = await works('rotate', '--pool', 'rotating', '--name-prefix', 'agent-', '--keep-online', '2');
      service.state.beforeAgents = () => undefined;
      assert.ok(disabledWithJob, 'the busy agent was disabled before its job ended');
      assert.deepEqual(names(id), ['agent-old-last', 'agent-new']);
      assert.match(output, /agent-old-last stays: no more than 2 agents would be online/);
    });
  });

  describe('signing in', () => {
    let metadata: Server;
    let asked: string[];

    before(async () => {
      asked = [];
      metadata = createServer(({ url = '', headers }, response) => {
        asked.push(url);
        const isAllowed = headers.metadata === 'true' && url.startsWith('/metadata/identity/oauth2/token');
        response.writeHead(isAllowed ? 200 : 400, { 'content-type': 'application/json' });
        const expires_on = String(Math.floor(Date.now() / 1000) + 3600);
        response.end(JSON.stringify({ access_token: TOKEN, expires_on, expires_in: '3600', token_type: 'Bearer' }));
      });
      metadata.listen(0, '127.0.0.1');
      await once(metadata, 'listening');
    });

    after(() => metadata.close());

    it('uses the managed identity that is named, for Azure DevOps alone', async () => {
      const { port } = metadata.address() as AddressInfo;
      const { code, errors } = await pool(
        ['wait-online', '--organization', URL, '--pool', 'waiting', '--identity', IDENTITY],
        { AZURE_DEVOPS_TOKEN: '', AZURE_POD_IDENTITY_AUTHORITY_HOST: `http://127.0.0.1:${port}` },
      );
      assert.equal(code, 0, errors);
      assert.match(asked.at(-1) ?? '', /resource=499b84ac-1321-427f-aa17-267ca6975798/);
      assert.match(asked.at(-1) ?? '', new RegExp(`client_id=${IDENTITY}`));
      assert.ok(service.exchanges.every(({ authorization }) => authorization === `Bearer ${TOKEN}`));
    });

    it('takes a personal access token from the environment as the last resort', async () => {
      const { code } = await pool(['wait-online', '--organization', URL, '--pool', 'waiting'], {
        AZURE_DEVOPS_TOKEN: 'personal-access-token',
      });
      assert.equal(code, 0);
    });

    it('says in one sentence that a token is refused, without showing it', async () => {
      const { code, output, errors } = await pool(['wait-online', '--organization', URL, '--pool', 'waiting'], {
        AZURE_DEVOPS_TOKEN: 'an-expired-token',
      });
      assert.equal(code, 1);
      assert.equal(errors, 'ERROR: the organization refused the token; is the identity a user of this organization?\n');
      assert.doesNotMatch(output + errors, /an-expired-token/);
    });
  });

  describe('the command line', () => {
    it('explains itself and each verb', async () => {
      const overview = await pool(['--help']);
      for (const verb of ['ensure-pool', 'ensure-elastic-pool', 'wait-online', 'reap', 'rotate']) {
        assert.match(overview.output, new RegExp(`  ${verb} `));
      }
      const { code, output } = await pool(['reap', '--help']);
      assert.equal(code, 0);
      assert.match(output, /--offline-hours N +hours an agent must have been offline \(default 24\)/);
    });

    it('refuses nonsense in one line, before it asks for a token', async () => {
      const { code, errors } = await pool(['reap', '--token', 'secret'], { AZURE_DEVOPS_TOKEN: '' });
      assert.equal(code, 2);
      assert.match(errors, /^ERROR: there is no option '--token'; .*--pool is missing/);
      assert.equal(errors.trim().split('\n').length, 1);
      assert.deepEqual(service.exchanges, []);
      assert.match((await pool(['destroy'])).errors, /there is no verb 'destroy'; see: pool --help/);
    });
  });
});
