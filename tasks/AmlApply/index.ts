// Creates or updates what YAML files describe. Contract: ./task.json. Logic: ../common/operations/apply-files.ts
import { runTask } from '../common/agent/run-task.ts';
import { openWorkspace } from '../common/azure/workspace.ts';
import { applyFiles } from '../common/operations/apply-files.ts';
import { validateFiles } from '../common/operations/validate-files.ts';
import { readInputs, type Outputs } from './task.gen.ts';

void runTask<Outputs>('AmlApply', async (agent) => {
  const inputs = readInputs(agent.inputs);
  const { mode } = inputs;
  if (mode === 'validate') return validateFiles(agent, inputs);
  const workspace = await openWorkspace({
    agent,
    connection: agent.connection(inputs.azureSubscription),
    subscriptionId: inputs.subscriptionId,
    resourceGroup: inputs.resourceGroupName,
    workspace: inputs.workspaceName,
    allowStorageKey: inputs.allowStorageKey,
  });
  return applyFiles({ agent, workspace }, { ...inputs, mode });
});
