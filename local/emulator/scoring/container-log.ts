/** What a deployment's containers wrote and what happened to them, as the service shows it for `getLogs`. */
import type { Clock } from '../clock.ts';

export type ContainerType = 'StorageInitializer' | 'InferenceServer';

/** The steps of an instance, in order; a failed deployment shows how far it came. */
export type InstanceStep = 'SystemSetup' | 'UserContainerImagePull' | 'ModelDownload' | 'UserContainerStart';
export type StepStatus = 'NotStarted' | 'InProgress' | 'Succeeded' | 'Failed';

export interface ContainerLog {
  /** Adds what a container wrote; chunks need not end at a line's end. */
  write(container: ContainerType, text: string): void;
  setStep(step: InstanceStep, status: StepStatus): void;
  /** Notes something that happened to the pod, e.g. `Pulling`, `Start pulling container image`. */
  event(name: string, message: string, type?: 'Normal' | 'Warning'): void;
  /** The log as the service answers it; of the container's own lines only the last `tail`, when it is above 0. */
  render(container: ContainerType, tail?: number): string;
}

const STEPS: readonly InstanceStep[] = ['SystemSetup', 'UserContainerImagePull', 'ModelDownload', 'UserContainerStart'];

/** Older output is dropped, so that a talkative script cannot fill the emulator's memory. */
const KEPT_CHARACTERS = 1_000_000;

/** An empty log. */
export function createContainerLog(clock: Clock): ContainerLog {
  const texts: Record<ContainerType, string> = { StorageInitializer: '', InferenceServer: '' };
  const steps = new Map<InstanceStep, StepStatus>();
  const events: string[] = [];
  return {
    write: (container, text) => {
      const all = texts[container] + text;
      texts[container] =
        all.length > KEPT_CHARACTERS ? all.slice(all.indexOf('\n', all.length - KEPT_CHARACTERS) + 1) : all;
    },
    setStep: (step, status) => steps.set(step, status),
    event: (name, message, type = 'Normal') => {
      events.push(`Kind: Pod, Name: ${name}, Type: ${type}, Time: ${clock.isoZ()}, Message: ${message}`);
    },
    render: (container, tail = 0) => {
      const instance = STEPS.map((step) => `${step}: ${steps.get(step) ?? 'NotStarted'}`);
      const own = lastLines(texts[container], tail);
      return `Instance status:\n${instance.join('\n')}\n\nContainer events:\n${events.join('\n')}\n\nContainer logs:\n${own}`;
    },
  };
}

function lastLines(text: string, count: number): string {
  if (count <= 0) return text;
  const ended = text.endsWith('\n');
  const lines = (ended ? text.slice(0, -1) : text).split('\n');
  return lines.slice(-count).join('\n') + (ended ? '\n' : '');
}
