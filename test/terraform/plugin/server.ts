/**
 * A provider that terraform starts in the place of azurerm: the real schema, no service, no state of its own. Terraform
 * then initialises, validates, plans, applies and tests without a registry and without credentials.
 */
import { fileURLToPath } from 'node:url';
import {
  type handleUnaryCall,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { decode, encode } from '@msgpack/msgpack';
import type { Block, TypeSchema, TypeSchemas } from '../schema/provider-schema.ts';
import { readSchema } from '../schema/read-schema.ts';
import { fillUnknown, markUnknown, type Values } from './computed-values.ts';

/** Proves that terraform started us: a constant of terraform's, not a secret. */
const MAGIC_COOKIE = 'd602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2';
const NESTING = ['invalid', 'single', 'list', 'set', 'map', 'group'];
const MESSAGE_LIMIT = 64 * 1024 * 1024;

interface Value {
  readonly msgpack: Uint8Array;
}

interface TypedRequest {
  readonly type_name: string;
}

const schema = readSchema();

function blockMessage({ attributes, block_types }: Block): object {
  return {
    attributes: Object.entries(attributes).map(([name, { type, ...presence }]) => ({
      name,
      type: Buffer.from(JSON.stringify(type)),
      ...presence,
    })),
    block_types: Object.entries(block_types).map(([type_name, { nesting_mode, block, ...limits }]) => ({
      type_name,
      nesting: NESTING.indexOf(nesting_mode),
      block: blockMessage(block),
      ...limits,
    })),
  };
}

function schemaMessage({ version, block }: TypeSchema): object {
  return { version, block: blockMessage(block) };
}

function schemaMessages(types: TypeSchemas): object {
  return Object.fromEntries(Object.entries(types).map(([name, type]) => [name, schemaMessage(type)]));
}

function blockOf(types: TypeSchemas, name: string): Block {
  const type = types[name];
  if (type === undefined) throw new Error(`the schema does not hold ${name}; add it to schema-types.ts`);
  return type.block;
}

/** Applies a change to a value; null, which stands for destruction, stays null. */
function change(value: Value, how: (values: Values) => Values): Value {
  const values = decode(value.msgpack) as Values | null;
  return values === null ? value : { msgpack: Buffer.from(encode(how(values))) };
}

const provider = {
  GetSchema: () => ({
    provider: schemaMessage(schema.provider),
    resource_schemas: schemaMessages(schema.resource_schemas),
    data_source_schemas: schemaMessages(schema.data_source_schemas),
  }),
  PrepareProviderConfig: ({ config }: { config: Value }) => ({ prepared_config: config }),
  ValidateResourceTypeConfig: () => ({}),
  ValidateDataSourceConfig: () => ({}),
  UpgradeResourceState: ({ raw_state }: { raw_state: { json: Uint8Array } }) => ({
    upgraded_state: { json: raw_state.json },
  }),
  Configure: () => ({}),
  ReadResource: ({ current_state }: { current_state: Value }) => ({ new_state: current_state }),
  PlanResourceChange: ({ type_name, proposed_new_state }: TypedRequest & { proposed_new_state: Value }) => {
    const block = blockOf(schema.resource_schemas, type_name);
    return {
      planned_state: change(proposed_new_state, (values) => markUnknown(block, values)),
      legacy_type_system: true,
    };
  },
  ApplyResourceChange: ({ type_name, planned_state }: TypedRequest & { planned_state: Value }) => {
    const block = blockOf(schema.resource_schemas, type_name);
    return {
      new_state: change(planned_state, (values) => fillUnknown(type_name, block, values)),
      legacy_type_system: true,
    };
  },
  ReadDataSource: ({ type_name, config }: TypedRequest & { config: Value }) => {
    const block = blockOf(schema.data_source_schemas, type_name);
    return { state: change(config, (values) => fillUnknown(type_name, block, markUnknown(block, values))) };
  },
  Stop: () => ({}),
};

type Handler = (request: never) => object;

/** Makes plain functions the methods of a gRPC service. */
function methods(handlers: Readonly<Record<string, Handler>>): UntypedServiceImplementation {
  const wrap =
    (handle: Handler): handleUnaryCall<object, object> =>
    ({ request }, reply) => {
      try {
        reply(null, handle(request as never));
      } catch (error) {
        reply({ code: status.INTERNAL, message: String(error) });
      }
    };
  return Object.fromEntries(Object.entries(handlers).map(([name, handle]) => [name, wrap(handle)]));
}

function service(file: string, path: readonly [string, string]): ServiceDefinition {
  const definition = loadSync(fileURLToPath(new URL(file, import.meta.url)), {
    keepCase: true,
    longs: Number,
    defaults: true,
  });
  const [packageName, name] = path;
  const loaded = loadPackageDefinition(definition)[packageName] as Record<string, { service: ServiceDefinition }>;
  const found = loaded[name];
  if (found === undefined) throw new Error(`${file} declares no ${name}`);
  return found.service;
}

if (process.env.TF_PLUGIN_MAGIC_COOKIE !== MAGIC_COOKIE) {
  process.stderr.write('This is a provider for terraform and is started by it.\n');
  process.exit(1);
}

const server = new Server({
  'grpc.max_send_message_length': MESSAGE_LIMIT,
  'grpc.max_receive_message_length': MESSAGE_LIMIT,
});
server.addService(service('tfplugin5.proto', ['tfplugin5', 'Provider']), methods(provider));
server.addService(service('controller.proto', ['plugin', 'GRPCController']), {
  Shutdown: (_call: unknown, reply: (error: null, response: object) => void) => {
    reply(null, {});
    server.tryShutdown(() => process.exit(0));
  },
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  // The one line terraform waits for: core protocol, plugin protocol, network, address, kind, no certificate.
  process.stdout.write(`1|5|tcp|127.0.0.1:${port}|grpc|\n`);
});
