import {
  type Context,
  context,
  diag,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type TextMapGetter,
  type TextMapPropagator,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import type { RunTrace, Telemetry, TracedError, TracedRun } from '@pool/app';
import { runAttributes, sendAttributes } from './attributes.js';

export interface OpenTelemetryOptions {
  /** Who makes the spans. @default the global one, which OpenTelemetry's SDK registers */
  tracerProvider?: TracerProvider;
  /** Who writes and reads the headers. @default the global one: W3C's `traceparent`, `tracestate` and `baggage` */
  propagator?: TextMapPropagator;
  /**
   * How a run belongs to the message it runs for: `child` makes it part of the sender's trace; `link` begins a trace of
   * its own, with a link to the sender's, for tasks that run long after or by the million. @default 'child'
   */
  relation?: 'child' | 'link';
}

/**
 * Traces of tasks for an app: `new App('shop', { telemetry: openTelemetry() })`. A span `send NAME` for each message, a
 * span `process NAME` for each run, active while the task's code runs. Without an SDK it does nothing.
 *
 * Source: OpenTelemetry's semantic conventions for messaging spans.
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Telemetry {
  const { tracerProvider, propagator, relation = 'child' } = options;
  if (relation !== 'child' && relation !== 'link')
    throw new TypeError(`relation must be 'child' or 'link', not ${String(relation)}`);
  // As a TracerProvider of the SDK may be registered later, the tracer is looked up by a provider that follows.
  const tracer = (tracerProvider ?? trace.getTracerProvider()).getTracer('@pool/opentelemetry');
  return new TaskTelemetry(tracer, tracerProvider, propagator, relation);
}

/** Headers come from anybody: only text is read. */
const getter: TextMapGetter<Readonly<Record<string, unknown>>> = {
  keys: (headers) => Object.keys(headers),
  get: (headers, name) => {
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
    return typeof value === 'string' ? value : undefined;
  },
};

class TaskTelemetry implements Telemetry {
  readonly #tracer: Tracer;
  readonly #provider: TracerProvider | undefined;
  readonly #propagator: TextMapPropagator | undefined;
  readonly #relation: 'child' | 'link';

  constructor(
    tracer: Tracer,
    provider: TracerProvider | undefined,
    propagator: TextMapPropagator | undefined,
    relation: 'child' | 'link',
  ) {
    this.#tracer = tracer;
    this.#provider = provider;
    this.#propagator = propagator;
    this.#relation = relation;
  }

  headers(): Record<string, string> | undefined {
    const headers: Record<string, string> = {};
    this.#inject(context.active(), headers);
    return Object.keys(headers).length === 0 ? undefined : headers;
  }

  async publish(task: Parameters<Telemetry['publish']>[0], publish: () => Promise<void>): Promise<void> {
    const { headers } = task.message;
    const made = this.#extract(headers);
    const parent = trace.getSpanContext(made) === undefined ? context.active() : made;
    const options = { kind: SpanKind.PRODUCER, attributes: sendAttributes(task) };
    const span = this.#tracer.startSpan(`send ${task.task}`, options, parent);
    const active = trace.setSpan(parent, span);
    this.#inject(active, headers);
    try {
      await context.with(active, publish);
    } catch (error) {
      fail(span, describe(error));
      throw error;
    } finally {
      span.end();
    }
  }

  begin(run: TracedRun): RunTrace {
    const sender = this.#extract(run.headers);
    const { startedAt } = run;
    const options: SpanOptions = {
      kind: SpanKind.CONSUMER,
      attributes: runAttributes(run),
      ...(startedAt === undefined ? {} : { startTime: startedAt }),
    };
    const name = `process ${run.task}`;
    const sent = trace.getSpanContext(sender);
    const span =
      this.#relation === 'link' && sent !== undefined
        ? this.#tracer.startSpan(name, { ...options, root: true, links: [{ context: sent }] }, sender)
        : this.#tracer.startSpan(name, options, sender);
    return new RunSpan(span, trace.setSpan(sender, span));
  }

  async flush(): Promise<void> {
    const provider = this.#provider ?? trace.getTracerProvider();
    const { forceFlush } = delegateOf(provider);
    try {
      await forceFlush?.();
    } catch (error) {
      diag.error('spans could not be sent before the end', error);
    }
  }

  #inject(from: Context, headers: Record<string, unknown>): void {
    if (this.#propagator === undefined) propagation.inject(from, headers);
    else this.#propagator.inject(from, headers, setter);
  }

  /** What the headers carry, and nothing of what happens to be active here. */
  #extract(headers: Readonly<Record<string, unknown>>): Context {
    return this.#propagator === undefined
      ? propagation.extract(ROOT_CONTEXT, headers, getter)
      : this.#propagator.extract(ROOT_CONTEXT, headers, getter);
  }
}

class RunSpan implements RunTrace {
  readonly #span: Span;
  readonly #context: Context;

  constructor(span: Span, active: Context) {
    this.#span = span;
    this.#context = active;
  }

  run<T>(fn: () => T): T {
    return context.with(this.#context, fn);
  }

  end(state: string, error?: TracedError): void {
    const span = this.#span;
    span.setAttribute('celery.state', state);
    if (state === 'FAILURE' || state === 'REJECTED') fail(span, error);
    else if (error !== undefined)
      span.addEvent(state.toLowerCase(), {
        'exception.type': error.type,
        'exception.message': error.message,
      });
    span.end();
  }
}

const setter = {
  set(headers: Record<string, unknown>, name: string, value: string): void {
    headers[name] = value;
  },
};

function fail(span: Span, error: TracedError | undefined): void {
  if (error === undefined) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    return;
  }
  const { type, message, stack } = error;
  span.setAttribute('error.type', type);
  span.recordException({ name: type, message, ...(stack === undefined ? {} : { stack }) });
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

function describe(error: unknown): TracedError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  return { type: error.name, message: error.message, stack: error.stack };
}

/** The SDK's own provider behind the global one, which has no `forceFlush`. */
function delegateOf(provider: TracerProvider): { forceFlush?: () => Promise<void> } {
  const { getDelegate } = provider as { getDelegate?: () => TracerProvider };
  const real = getDelegate === undefined ? provider : getDelegate.call(provider);
  const { forceFlush } = real as { forceFlush?: () => Promise<void> };
  return forceFlush === undefined ? {} : { forceFlush: () => forceFlush.call(real) };
}
