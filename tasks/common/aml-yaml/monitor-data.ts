import type { ResolveCollectedDataStep, Template } from './plan.ts';
import type { Planning } from './planning.ts';
import { oneOf, record, text, textMap, type Reader, type Values } from './readers.ts';
import { assetReference } from './references.ts';
import { compact, type TemplateObject } from './templates.ts';
import { DATA_TYPES } from './job-data.ts';
import type { Place } from './yaml-node.ts';

type Collection = ResolveCollectedDataStep['collection'];

/** How far back a monitor looks, as ISO 8601 durations: production first, the reference before it. */
export interface Windows {
  readonly production: string;
  readonly reference: string;
}

/** A monitor in the making: what its signals need beside their own members. */
export interface Monitor {
  readonly planning: Planning;
  /** The deployment whose traffic is watched; undefined where the file names none. */
  readonly deployment: { readonly endpoint: string; readonly name: string } | undefined;
  readonly task: string | undefined;
  readonly windows: Windows;
}

/** A text and where it was written. */
export interface PlacedText {
  readonly written: string;
  readonly place: Place;
}

/** A text that refers to something, with its place for what the reference is resolved to. */
export const placedText: Reader<PlacedText> = (node, at) => {
  const written = text(node, at);
  return written === undefined ? undefined : { written, place: node.place };
};

const INPUT = record({ path: placedText, type: oneOf(DATA_TYPES) }, { required: ['path', 'type'] });

const FIELDS = {
  input_data: INPUT,
  data_context: text,
  data_column_names: textMap,
  pre_processing_component: placedText,
  data_window: record({
    lookback_window_size: text,
    lookback_window_offset: text,
    window_start: text,
    window_end: text,
  }),
};

/** Data that a signal of a monitor looks at. */
export const readMonitorData = record(FIELDS, { required: ['input_data'] });
export type MonitorData = Values<typeof FIELDS>;

/** The trigger's own period, twice as far back for the reference; a week where the trigger has none that can be read. */
export function windowsOf(frequency: string | undefined, interval: number): Windows {
  const days: Readonly<Record<string, number>> = { minute: 1, hour: 1, day: interval, week: interval * 7 };
  const period = frequency === 'month' ? interval * 30 : (days[frequency ?? ''] ?? 7);
  return { production: `P${period}D`, reference: `P${period * 2}D` };
}

/** Production data: what the file names, else what the deployment has collected. */
export function productionData(
  monitor: Monitor,
  data: MonitorData | undefined,
  collection: Collection,
  place: Place,
): Template | undefined {
  const window = { size: monitor.windows.production, offset: 'P0D' };
  return data === undefined ? collected(monitor, collection, window, place) : describedData(monitor, data, window);
}

/** The data production is compared with: what the file names, as a whole, else what was collected the period before. */
export function referenceData(
  monitor: Monitor,
  data: MonitorData | undefined,
  collection: Collection,
  place: Place,
): Template | undefined {
  const { production, reference } = monitor.windows;
  if (data === undefined) return collected(monitor, collection, { size: reference, offset: production }, place);
  return describedData(monitor, data, undefined);
}

interface Window {
  readonly size: string;
  readonly offset: string;
}

/** Data as the file describes it; without a window all of it. */
export function describedData(monitor: Monitor, data: MonitorData, window: Window | undefined): TemplateObject {
  const { planning } = monitor;
  const path = data.input_data?.path;
  return compact({
    ...windowMembers(planning, data, window),
    dataContext: data.data_context,
    columns: data.data_column_names,
    jobInputType: data.input_data?.type,
    uri: path && assetReference(planning, 'data', path.written, path.place),
  });
}

function windowMembers(planning: Planning, data: MonitorData, window: Window | undefined): TemplateObject {
  const own = data.data_window;
  const component = data.pre_processing_component;
  const preprocessingComponentId =
    component && assetReference(planning, 'components', component.written, component.place);
  if (own?.window_start !== undefined || own?.window_end !== undefined) {
    const { window_start: windowStart, window_end: windowEnd } = own;
    return compact({ inputDataType: 'Static', windowStart, windowEnd, preprocessingComponentId });
  }
  // The service knows no preprocessing of data that has no window.
  if (own === undefined && window === undefined) return { inputDataType: 'Fixed' };
  return compact({
    inputDataType: 'Trailing',
    windowSize: own?.lookback_window_size ?? window?.size,
    windowOffset: own?.lookback_window_offset ?? window?.offset ?? 'P0D',
    preprocessingComponentId,
  });
}

function collected(
  { planning, deployment }: Monitor,
  collection: Collection,
  window: Window,
  place: Place,
): TemplateObject | undefined {
  if (deployment === undefined) {
    planning.problems.add(
      place,
      "The signal needs 'production_data' and 'reference_data', since 'monitoring_target.endpoint_deployment_id' " +
        'names no deployment whose collected data could be taken.',
    );
    return undefined;
  }
  const { endpoint, name } = deployment;
  const key = `collected:${endpoint}/${name}/${collection}`;
  const step: ResolveCollectedDataStep = {
    do: 'resolveCollectedData',
    key,
    endpoint,
    deployment: name,
    collection,
  };
  return {
    dataContext: collection,
    inputDataType: 'Trailing',
    jobInputType: planning.step(step, 'type'),
    uri: planning.step(step, 'id'),
    windowOffset: window.offset,
    windowSize: window.size,
  };
}
