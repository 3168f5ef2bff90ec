// Deploys to an online endpoint, blue/green. Contract: ./task.json. Logic: ../common/operations/deploy-online-endpoint.ts
import { runTask } from '../common/agent/run-task.ts';
import { openWorkspaceOf } from '../common/azure/workspace.ts';
import { deployOnlineEndpoint } from '../common/operations/deploy-online-endpoint.ts';
import { readInputs, type Outputs } from './task.gen.ts';

void runTask<Outputs>('AmlDeployOnlineEndpoint', async (agent, publish) => {
  const inputs = readInputs(agent.inputs);
  const workspace = await openWorkspaceOf(agent, inputs);
  return deployOnlineEndpoint({ agent, workspace }, inputs, publish);
});
