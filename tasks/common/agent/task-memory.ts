/** Task variables: what the handlers of one step (pre-job, main, post-job) tell each other. */
import type { TaskMemory } from '../ports.ts';
import { formatCommand, type WriteLine } from './commands.ts';
import type { AgentEnvironment } from './environment.ts';

/** Memory that outlives this process: the agent keeps it until the step's post-job handler has run. */
export function taskMemory(environment: AgentEnvironment, write: WriteLine): TaskMemory {
  const changed = new Map<string, string>();
  return {
    get: (name) => changed.get(name) ?? environment.taskVariable(name),
    set: (name, value) => {
      changed.set(name, value);
      write(formatCommand('task.settaskvariable', { variable: name }, value));
    },
  };
}
