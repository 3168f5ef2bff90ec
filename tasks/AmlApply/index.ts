// Creates or updates what YAML files describe. Contract: ./task.json. Logic: ../common/operations/apply-files.ts
import { runTask } from '../common/agent/run-task.ts';
import { openRegistry, openWorkspaceOf } from '../common/azure/workspace.ts';
import { applyFiles, applyFilesToRegistry } from '../common/operations/apply-files.ts';
import { validateFiles } from '../common/operations/validate-files.ts';
import { readInputs, type Outputs } from './task.gen.ts';

void runTask<Outputs>('AmlApply', async (agent) => {
  const inputs = readInputs(agent.inputs);
  if (inputs.mode === 'validate') return validateFiles(agent, inputs);
  if (inputs.registryName !== undefined) {
    const registry = await openRegistry(agent, inputs.azureSubscription, inputs.registryName);
    return applyFilesToRegistry({ agent, registry }, inputs, inputs.mode);
  }
  const workspace = await openWorkspaceOf(agent, inputs);
  return applyFiles({ agent, workspace }, inputs, inputs.mode);
});
