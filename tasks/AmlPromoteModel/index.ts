// Takes a model from one workspace or registry to another. Contract: ./task.json. Logic: ../common/operations/promote-model.ts
import { readApprovals, runTask } from '../common/agent/run-task.ts';
import { openSourceAndTarget } from '../common/azure/workspace.ts';
import { promoteModel } from '../common/operations/promote-model.ts';
import { readInputs, type Outputs } from './task.gen.ts';

void runTask<Outputs>('AmlPromoteModel', async (agent) => {
  const inputs = readInputs(agent.inputs);
  const places = await openSourceAndTarget(agent, inputs);
  return promoteModel({ agent, ...places, approvals: () => readApprovals(agent) }, inputs);
});
