/** The shape of `terraform providers schema -json`, as far as the checks need it. */

/** A type of Terraform's values, in the form terraform itself writes: "string", ["list","string"], ["object",{…}]. */
export type ValueType =
  string | readonly [string, ValueType] | readonly ['object', Readonly<Record<string, ValueType>>];

export interface Attribute {
  readonly type: ValueType;
  readonly required?: boolean;
  readonly optional?: boolean;
  readonly computed?: boolean;
}

export interface NestedBlock {
  readonly nesting_mode: string;
  readonly min_items?: number;
  readonly max_items?: number;
  readonly block: Block;
}

export interface Block {
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly block_types: Readonly<Record<string, NestedBlock>>;
}

export interface TypeSchema {
  readonly version: number;
  readonly block: Block;
}

export type TypeSchemas = Readonly<Record<string, TypeSchema>>;

export interface ProviderSchema {
  readonly provider: TypeSchema;
  readonly resource_schemas: TypeSchemas;
  readonly data_source_schemas: TypeSchemas;
}
