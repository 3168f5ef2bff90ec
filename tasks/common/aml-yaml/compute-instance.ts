import { choice, integer, listOf, mapped, record, text, type Reader, type Values } from './readers.ts';
import { trigger } from './schedule-trigger.ts';
import { compact, type TemplateObject } from './templates.ts';

const START_STOP = {
  trigger,
  action: choice({ start: 'Start', stop: 'Stop' }),
  state: choice({ enabled: 'Enabled', disabled: 'Disabled' }),
};

/** When a compute instance starts and stops by itself. */
export const startStopSchedules: Reader<TemplateObject> = mapped(
  record({ compute_start_stop: listOf(record(START_STOP, { required: ['trigger', 'action'] })) }),
  ({ compute_start_stop = [] }) => ({ computeStartStop: compute_start_stop.map(startStop) }),
);

function startStop({ trigger: when = {}, action, state }: Values<typeof START_STOP>): TemplateObject {
  const { triggerType } = when;
  // Starting and stopping never ends, and a time keeps its T here.
  const rest = Object.fromEntries(
    Object.entries(when).flatMap(([key, value]) => {
      if (key === 'endTime') return [];
      return [[key, key === 'startTime' && typeof value === 'string' ? value.replace(' ', 'T') : value] as const];
    }),
  );
  return compact({
    status: state ?? 'Enabled',
    action,
    triggerType,
    ...(triggerType === 'Cron' ? { cron: rest } : { recurrence: rest }),
  });
}

const SCRIPT = { path: text, command: text, timeout_minutes: integer };

const script: Reader<TemplateObject> = mapped(record(SCRIPT, { required: ['path'] }), (values) =>
  compact({
    scriptSource: 'workspaceStorage',
    scriptData: values.path,
    scriptArguments: values.command,
    timeout: values.timeout_minutes === undefined ? undefined : `${values.timeout_minutes}m`,
  }),
);

/** Scripts in the workspace's storage that a compute instance runs once, or whenever it starts. */
export const setupScripts: Reader<TemplateObject> = mapped(
  record({ creation_script: script, startup_script: script }),
  (values) => ({ scripts: compact({ creationScript: values.creation_script, startupScript: values.startup_script }) }),
);
