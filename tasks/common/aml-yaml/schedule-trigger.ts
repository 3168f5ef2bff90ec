import { byType, expecting, integer, listOf, mapped, oneOf, record, text, type Reader } from './readers.ts';
import { compact, type TemplateObject } from './templates.ts';

/** A time without a zone; the service's client writes a blank where ISO 8601 has a T. */
const time = expecting('a time like "2024-07-10T10:00:00"', (node) => {
  const written = node.kind === 'string' ? node.value : node.kind === 'timestamp' ? node.text : undefined;
  return written !== undefined && /^\d{4}-\d{2}-\d{2}/.test(written) ? written.replace(/^(\S{10})T/, '$1 ') : undefined;
});

/** One value or several. */
function oneOrMore<T>(reader: Reader<T>): Reader<readonly T[]> {
  return (node, at) => {
    if (node.kind === 'list') return listOf(reader)(node, at);
    const single = reader(node, at);
    return single === undefined ? undefined : [single];
  };
}

const WINDOW = { type: text, time_zone: text, start_time: time, end_time: time };

/** When something happens, again and again: of schedules, and of compute instances. */
export const trigger: Reader<TemplateObject> = byType({
  cron: mapped(record({ ...WINDOW, expression: text }, { required: ['expression'] }), (values) =>
    compact({
      triggerType: 'Cron',
      expression: values.expression,
      timeZone: values.time_zone ?? 'UTC',
      startTime: values.start_time,
      endTime: values.end_time,
    }),
  ),
  recurrence: mapped(
    record(
      {
        ...WINDOW,
        frequency: oneOf(['minute', 'hour', 'day', 'week', 'month']),
        interval: integer,
        schedule: record({
          hours: oneOrMore(integer),
          minutes: oneOrMore(integer),
          week_days: oneOrMore(text),
          month_days: oneOrMore(integer),
        }),
      },
      { required: ['frequency', 'interval'] },
    ),
    (values) =>
      compact({
        triggerType: 'Recurrence',
        frequency: values.frequency,
        interval: values.interval,
        schedule: compact({
          hours: values.schedule?.hours ?? [],
          minutes: values.schedule?.minutes ?? [],
          weekDays: values.schedule?.week_days,
          monthDays: values.schedule?.month_days,
        }),
        timeZone: values.time_zone ?? 'UTC',
        startTime: values.start_time,
        endTime: values.end_time,
      }),
  ),
});
