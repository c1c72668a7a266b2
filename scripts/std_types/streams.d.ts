/** Types of `@std/streams`: see the note in `README.md` of this folder. */

/** Reads a stream to its end: all its bytes in one array. */
export function toBytes(stream: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>>;

/** Reads a stream to its end: all its bytes in one buffer. */
export function toArrayBuffer(stream: ReadableStream<Uint8Array>): Promise<ArrayBuffer>;

/** Reads a stream to its end as text. Bytes are taken for UTF-8. */
export function toText(stream: ReadableStream<string> | ReadableStream<Uint8Array>): Promise<string>;

/** Reads a stream to its end and parses it as JSON. */
export function toJson(stream: ReadableStream<string> | ReadableStream<Uint8Array>): Promise<unknown>;

/** One stream after the other. */
export function concatReadableStreams<T>(...streams: ReadableStream<T>[]): ReadableStream<T>;

/** The chunks of all streams as they come; ends when the last stream ends. */
export function mergeReadableStreams<T>(...streams: ReadableStream<T>[]): ReadableStream<T>;

/** A chunk of each stream in turn; ends when the last stream ends. */
export function zipReadableStreams<T>(...streams: ReadableStream<T>[]): ReadableStream<T>;

/** Passes on the bytes from index `start` to index `end`, both included. */
export class ByteSliceStream extends TransformStream<Uint8Array, Uint8Array> {
  constructor(start?: number, end?: number);
}

/** Options of the limited streams. */
export interface LimitedStreamOptions {
  /**
   * Whether going beyond the limit is an error (a `RangeError`) instead of the end.
   *
   * @default {false}
   */
  error?: boolean;
}

/** Passes on whole chunks until `size` bytes would be exceeded. */
export class LimitedBytesTransformStream extends TransformStream<Uint8Array, Uint8Array> {
  constructor(size: number, options?: LimitedStreamOptions);
}

/** Passes on the first `size` chunks. */
export class LimitedTransformStream<T> extends TransformStream<T, T> {
  constructor(size: number, options?: LimitedStreamOptions);
}

/** Options of {@linkcode TextLineStream}. */
export interface TextLineStreamOptions {
  /**
   * Whether a lone carriage return ends a line too.
   *
   * @default {false}
   */
  allowCR?: boolean;
}

/** Text to lines, without their `\n` or `\r\n`. */
export class TextLineStream extends TransformStream<string, string> {
  constructor(options?: TextLineStreamOptions);
}

/** What a delimiter stream does with the delimiter: drop it, or leave it at one side. */
export interface DelimiterStreamOptions {
  /** @default {"discard"} */
  disposition?: "discard" | "suffix" | "prefix";
}

/** Bytes to the pieces between a delimiter. */
export class DelimiterStream extends TransformStream<Uint8Array, Uint8Array> {
  constructor(delimiter: Uint8Array, options?: DelimiterStreamOptions);
}

/** Text to the pieces between a delimiter. */
export class TextDelimiterStream extends TransformStream<string, string> {
  constructor(delimiter: string, options?: DelimiterStreamOptions);
}

/** A transform stream that runs each chunk through a generator. */
export function toTransformStream<I, O>(
  transformer: (src: ReadableStream<I>) => Iterable<O> | AsyncIterable<O>,
  writableStrategy?: QueuingStrategy<I>,
  readableStrategy?: QueuingStrategy<O>,
): TransformStream<I, O>;
