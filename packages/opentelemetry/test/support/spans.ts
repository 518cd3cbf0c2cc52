import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

const exporter = new InMemorySpanExporter();
trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
);
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(
  new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
);

/** The spans that have ended since the last call of `forget`. */
export function ended(): ReadableSpan[] {
  return exporter.getFinishedSpans();
}

export function forget(): void {
  exporter.reset();
}

/** Runs something within a span of its own, as a web framework's instrumentation does. */
export function inSpan<T>(name: string, fn: () => Promise<T>): Promise<T> {
  return trace.getTracer('test').startActiveSpan(name, async (span) => {
    try {
      return await fn();
    } finally {
      span.end();
    }
  });
}

/** The names of the spans from the root of a trace to this one, in order. */
export function path(span: ReadableSpan): string[] {
  const parent = ended().find((other) => other.spanContext().spanId === span.parentSpanContext?.spanId);
  return [...(parent === undefined ? [] : path(parent)), span.name];
}

/** The only span of a name. */
export function only(name: string): ReadableSpan {
  const found = ended().filter((span) => span.name === name);
  if (found.length !== 1) throw new Error(`${found.length} spans are called ${name}`);
  return found[0] as ReadableSpan;
}
