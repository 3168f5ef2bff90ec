// Deletes deployments nobody is sent to. Contract: ./task.json. Logic: ../common/operations/remove-deployment.ts
import { runTask } from '../common/agent/run-task.ts';
import { openWorkspaceOf } from '../common/azure/workspace.ts';
import { removeDeployment } from '../common/operations/remove-deployment.ts';
import { readInputs, type Outputs } from './task.gen.ts';

void runTask<Outputs>('AmlRemoveDeployment', async (agent) => {
  const inputs = readInputs(agent.inputs);
  const workspace = await openWorkspaceOf(agent, inputs);
  return removeDeployment({ agent, workspace }, inputs);
});
