import { type Attribute, dataTypes, type NodeBinding } from "./node-backend.ts";
import { float, integer, message, nested } from "./protobuf.ts";

/** An attribute's value: the bytes of an AttrValue message. */
export type AttributeValue = Buffer;

/**
 * A builder of TensorFlow graphs, node by node.
 * @source tensorflow/core/framework: graph.proto, node_def.proto, attr_value.proto, tensor.proto; saved_model.proto
 */
export class Graph {
  readonly #nodes: Buffer[] = [];

  /** @returns the node's name, which is also that of its first output */
  node(
    name: string,
    operation: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    const entries = Object.entries(attributes).map(([key, value]) =>
      nested(5, message(nested(1, key), nested(2, value))),
    );
    const from = inputs.map((input) => nested(3, input));
    this.#nodes.push(message(nested(1, name), nested(2, operation), ...from, ...entries));
    return name;
  }

  placeholder(name: string, type: number, shape: readonly number[]): string {
    return this.node(name, "Placeholder", [], { dtype: typeValue(type), shape: shapeValue(shape) });
  }

  constant(name: string, type: number, shape: readonly number[], values: ArrayBufferView): string {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const tensor = message(integer(1, type), nested(2, shapeMessage(shape)), nested(4, bytes));
    return this.node(name, "Const", [], { dtype: typeValue(type), value: nested(8, tensor) });
  }

  scalar(name: string, value: number): string {
    return this.constant(name, dataTypes.float32, [], Float32Array.of(value));
  }

  /** The bytes of saved_model.pb, with the tag `serve`. */
  savedModel(): Buffer {
    const producer = 1987;
    const graph = message(...this.#nodes.map((node) => nested(1, node)), nested(4, integer(1, producer)));
    const metaInfo = message(nested(4, "serve"), nested(5, "2.21.0"));
    return message(integer(1, 1), nested(2, message(nested(1, metaInfo), nested(2, graph))));
  }
}

export const typeValue = (type: number): AttributeValue => integer(6, type);
export const shapeValue = (shape: readonly number[]): AttributeValue => nested(7, shapeMessage(shape));
export const stringValue = (text: string): AttributeValue => nested(2, text);
export const flagValue = (value: boolean): AttributeValue => integer(5, value ? 1 : 0);

const shapeMessage = (shape: readonly number[]) =>
  message(...shape.map((length) => nested(2, integer(1, length))));

/** Converts an attribute from the form that tfjs-node passes to the binding to that of a graph. */
export function attributeValue({ type, value }: Attribute, binding: NodeBinding): AttributeValue {
  const { TF_ATTR_STRING, TF_ATTR_INT, TF_ATTR_FLOAT, TF_ATTR_BOOL, TF_ATTR_TYPE, TF_ATTR_SHAPE } = binding;
  const encode: Record<number, (one: unknown) => Buffer> = {
    [TF_ATTR_STRING]: (one) => nested(2, String(one)),
    [TF_ATTR_INT]: (one) => integer(3, Number(one)),
    [TF_ATTR_FLOAT]: (one) => float(4, Number(one)),
    [TF_ATTR_BOOL]: (one) => integer(5, one ? 1 : 0),
    [TF_ATTR_TYPE]: (one) => integer(6, Number(one)),
  };
  if (type === TF_ATTR_SHAPE) return shapeValue(value as number[]);
  const one = encode[type];
  if (one === undefined) throw new Error(`an attribute of the unknown kind ${type}`);
  // The fields of a list have the numbers of the single values.
  return Array.isArray(value) ? nested(1, message(...value.map(one))) : one(value);
}
