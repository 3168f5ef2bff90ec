// Deploys to a batch endpoint. Contract: ./task.json. Logic: ../common/operations/deploy-batch-endpoint.ts
import { runTask } from '../common/agent/run-task.ts';
import { openWorkspaceOf } from '../common/azure/workspace.ts';
import { deployBatchEndpoint } from '../common/operations/deploy-batch-endpoint.ts';
import { readInputs, type Outputs } from './task.gen.ts';

void runTask<Outputs>('AmlDeployBatchEndpoint', async (agent, publish) => {
  const inputs = readInputs(agent.inputs);
  const workspace = await openWorkspaceOf(agent, inputs);
  return deployBatchEndpoint({ agent, workspace }, inputs, publish);
});
