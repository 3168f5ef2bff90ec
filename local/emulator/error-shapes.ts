/** How each service writes an error: the same description becomes another body depending on who answers. */
import type { ErrorDescription } from './errors.ts';
import type { Reply } from './http.ts';
import type { Json, JsonObject } from './json.ts';

/** What a body says about the request it answers. */
export interface ErrorSituation {
  readonly region: string;
  /** `2022-09-14T22:01:00.3744353+00:00` */
  readonly time: string;
  /** 32 hex digits. */
  readonly operation: string;
  /** 16 hex digits. */
  readonly request: string;
  /** GUID of the request, where a service names it so. */
  readonly requestId: string;
}

/** The whole answer for an error: status, headers of the error itself, and the body in the answering service's shape. */
export function errorReply(error: ErrorDescription, situation: ErrorSituation): Reply {
  const headers: Record<string, string> = { ...error.headers };
  if (error.answerer === 'blob') headers['Content-Type'] = 'application/xml';
  if (error.answerer === 'managementfrontend' || error.answerer === 'account-rp') {
    headers['x-ms-response-type'] = 'error';
  }
  return { status: error.status, headers, body: errorBody(error, situation) };
}

function errorBody(error: ErrorDescription, situation: ErrorSituation): unknown {
  switch (error.answerer) {
    case 'managementfrontend':
      return managementFrontend(error, situation);
    case 'account-rp':
    case 'dataPlane':
      return accountProvider(error, situation);
    case 'gateway':
      return { error: { code: error.code, message: error.message, ...(error.details && { details: error.details }) } };
    case 'mlflow':
      return mlflow(error, situation);
    case 'blob':
      return storage(error, situation);
    case 'entra':
      return entra(error, situation);
    case 'imds':
      return { error: error.code, error_description: error.message };
    case 'pipelines':
      return pipelines(error);
    case 'nobody':
      return undefined;
  }
}

function managementFrontend(error: ErrorDescription, situation: ErrorSituation): JsonObject {
  const info = (type: string, value: Json | undefined): Json[] =>
    value === undefined ? [] : [{ type, info: { value } }];
  const details = (error.details ?? []).map((detail) => ({ ...detail, details: [], additionalInfo: [] }));
  return {
    error: {
      code: error.code,
      message: error.message,
      details,
      additionalInfo: [
        ...info('ComponentName', 'managementfrontend'),
        ...info('Correlation', { operation: situation.operation, request: situation.request }),
        ...info('Environment', situation.region),
        ...info('Location', situation.region),
        ...info('Time', situation.time),
        ...info('InnerError', innerError(error.innerCodes)),
        ...info('MessageFormat', error.messageFormat),
        ...info('MessageParameters', error.messageParameters),
      ],
    },
  };
}

function accountProvider(error: ErrorDescription, situation: ErrorSituation): JsonObject {
  return {
    error: {
      code: error.code,
      severity: null,
      message: error.message,
      messageFormat: error.messageFormat ?? null,
      messageParameters: error.messageParameters ?? null,
      referenceCode: null,
      detailsUri: null,
      target: null,
      details: (error.details ?? []).map((detail) => ({ code: detail.code, message: detail.message })),
      innerError: innerError(error.innerCodes) ?? null,
      debugInfo: null,
      additionalInfo: null,
    },
    correlation: { operation: situation.operation, request: situation.request },
    environment: situation.region,
    location: situation.region,
    time: situation.time,
    componentName: error.component ?? 'account-rp',
  };
}

function mlflow(error: ErrorDescription, situation: ErrorSituation): JsonObject {
  return {
    Error: {
      Code: error.code,
      Severity: null,
      Message: error.message,
      MessageFormat: null,
      MessageParameters: null,
      ReferenceCode: null,
      DetailsUri: null,
      Target: null,
      Details: [],
      InnerError: null,
      DebugInfo: null,
      AdditionalInfo: null,
    },
    Correlation: { operation: situation.operation, request: situation.request },
    Environment: situation.region,
    Location: situation.region,
    Time: situation.time,
    ComponentName: 'mlflow',
    statusCode: error.status,
    error_code: error.mlflowCode ?? 'BAD_REQUEST',
  };
}

function storage(error: ErrorDescription, situation: ErrorSituation): string {
  return (
    '\uFEFF<?xml version="1.0" encoding="utf-8"?>' +
    `<Error><Code>${error.code}</Code><Message>${escapeXml(error.message)}\n` +
    `RequestId:${situation.requestId}\nTime:${situation.time}</Message></Error>`
  );
}

function entra(error: ErrorDescription, situation: ErrorSituation): JsonObject {
  const number = /AADSTS(\d+)/.exec(error.message)?.[1];
  const timestamp = `${situation.time.slice(0, 10)} ${situation.time.slice(11, 19)}Z`;
  const { requestId } = situation;
  return {
    error: error.code,
    error_description: `${error.message} Trace ID: ${requestId} Correlation ID: ${requestId} Timestamp: ${timestamp}`,
    error_codes: number === undefined ? [] : [Number(number)],
    timestamp,
    trace_id: requestId,
    correlation_id: requestId,
    ...(number !== undefined && { error_uri: `https://login.microsoftonline.com/error?code=${number}` }),
  };
}

function pipelines(error: ErrorDescription): JsonObject {
  return {
    $id: '1',
    innerException: null,
    message: error.message,
    typeName: `Microsoft.VisualStudio.Services.Common.${error.code}, Microsoft.VisualStudio.Services.Common`,
    typeKey: error.code,
    errorCode: 0,
    eventId: 3000,
  };
}

function innerError(codes: readonly string[] | undefined): JsonObject | undefined {
  if (codes === undefined || codes.length === 0) return undefined;
  return codes.reduceRight<JsonObject | null>((innerError, code) => ({ code, innerError }), null) ?? undefined;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
