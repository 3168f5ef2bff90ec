// After the pipeline job: restores the traffic of a step that was killed in the middle. Contract: ./task.json. Logic: ../common/operations/rollout-memory.ts
import { runPostJob } from '../common/agent/run-task.ts';
import { openWorkspaceOf } from '../common/azure/workspace.ts';
import { restoreUnfinishedRollout, unfinishedRollout } from '../common/operations/rollout-memory.ts';
import { readInputs } from './task.gen.ts';

void runPostJob('AmlShiftTraffic', async (agent) => {
  if (unfinishedRollout(agent.memory) === undefined) return;
  const inputs = readInputs(agent.inputs);
  const workspace = await openWorkspaceOf(agent, inputs);
  await restoreUnfinishedRollout({ agent, workspace });
});
