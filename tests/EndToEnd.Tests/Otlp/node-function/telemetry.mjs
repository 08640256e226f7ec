// The real SDK, and one of everything that OTLP can carry. Every batch goes twice, as the same objects through the same kind of
// exporter: to the extension, and past it to a backend of the test's own, so that the test can compare what the two received.
import { context, diag, DiagConsoleLogger, DiagLogLevel, metrics, propagation, SpanKind, SpanStatusCode, trace, ValueType } from '@opentelemetry/api';
import { logs, SeverityNumber } from '@opentelemetry/api-logs';
import { getPropagator } from '@opentelemetry/auto-configuration-propagators';
import { OTLPLogExporter as LogGrpc } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPLogExporter as LogJson } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as LogProto } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter as MetricGrpc } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPMetricExporter as MetricJson } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as MetricProto } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as TraceGrpc } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as TraceJson } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as TraceProto } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { AggregationTemporality, AggregationType, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

const exporters = {
  'http/protobuf': [TraceProto, MetricProto, LogProto],
  'http/json': [TraceJson, MetricJson, LogJson],
  grpc: [TraceGrpc, MetricGrpc, LogGrpc],
};
const protocol = process.env.FUNCTION_OTLP_PROTOCOL ?? process.env.OTEL_EXPORTER_OTLP_PROTOCOL ?? 'http/protobuf';
const endpoint = process.env.FUNCTION_OTLP_ENDPOINT ?? process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
const reference = process.env.FUNCTION_OTLP_REFERENCE;
const results = [];

// The same items to both. What the extension's receiver answered is the result.
class Twice {
  constructor(Exporter, path) {
    const options = base => ({
      url: protocol === 'grpc' ? base : base + path,
      compression: process.env.FUNCTION_OTLP_COMPRESSION ?? 'none',
      timeoutMillis: 5000,
      temporalityPreference: AggregationTemporality.DELTA,
    });
    this.first = new Exporter(options(endpoint));
    this.second = reference ? new Exporter(options(reference)) : undefined;
  }

  export(items, done) {
    this.first.export(items, result => {
      results.push(result.code === 0 ? 'ok' : String(result.error));
      if (this.second)
        this.second.export(items, done);
      else
        done(result);
    });
  }

  async forceFlush() {
    await this.first.forceFlush?.();
    await this.second?.forceFlush?.();
  }

  async shutdown() {
    await this.first.shutdown();
    await this.second?.shutdown();
  }

  selectAggregationTemporality(kind) {
    return this.first.selectAggregationTemporality(kind);
  }

  selectAggregation(kind) {
    return this.first.selectAggregation(kind);
  }
}

export function startSdk() {
  diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.ERROR);
  const [Traces, Metrics, Logs] = exporters[protocol];
  const spans = new BatchSpanProcessor(new Twice(Traces, '/v1/traces'), { scheduledDelayMillis: 3_600_000 });
  const records = new BatchLogRecordProcessor({ exporter: new Twice(Logs, '/v1/logs'), scheduledDelayMillis: 3_600_000 });
  const reader = new PeriodicExportingMetricReader({ exporter: new Twice(Metrics, '/v1/metrics'), exportIntervalMillis: 3_600_000 });
  const sdk = new NodeSDK({
    resource: resourceFromAttributes({ 'service.name': 'node-function', 'service.namespace': 'tests', 'a.list': ['x', 'y'] }),
    autoDetectResources: false,
    textMapPropagator: getPropagator(),
    spanProcessors: [spans],
    logRecordProcessors: [records],
    metricReaders: [reader],
    views: [{ instrumentName: 'payload.size', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { recordMinMax: true } } }],
    instrumentations: [],
  });
  sdk.start();
  return {
    flush: async () => {
      results.length = 0;
      await Promise.all([spans.forceFlush(), records.forceFlush(), reader.forceFlush()]);
      return [...results];
    },
    shutdown: () => sdk.shutdown(),
  };
}

const attributes = {
  text: 'grün \u{1F680} "quoted"\n', empty: '', yes: true, no: false, integer: 42, negative: -7, large: Number.MAX_SAFE_INTEGER,
  double: 0.1, tiny: 5e-324,
  texts: ['a', '', 'ü'], flags: [true, false], integers: [1, -2, 3], doubles: [1.5, -2.25],
};

export async function makeTelemetry(event, requestId) {
  const tracer = trace.getTracer('node-function', '1.2.3', { schemaUrl: 'https://opentelemetry.io/schemas/1.37.0' });
  const parent = propagation.extract(context.active(), {});
  const root = tracer.startSpan('handle', { kind: SpanKind.INTERNAL, attributes: { 'faas.invocation_id': requestId } }, parent);
  const inside = trace.setSpan(parent, root);
  makeSpans(tracer, inside, event);
  makeMetrics();
  makeLogs(inside, event);
  root.end();
  return { traceId: root.spanContext().traceId, spanId: root.spanContext().spanId, requestId };
}

function makeSpans(tracer, parent, event) {
  const linked = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };
  const child = tracer.startSpan('client call', { kind: SpanKind.CLIENT, attributes, links: [{ context: linked, attributes: { reason: 'batch', index: 3 } }] }, parent);
  child.addEvent('cache miss', { key: 'k1', size: 12, ratio: 0.25, hit: false });
  child.addEvent('no attributes');
  child.addLink({ context: { ...linked, spanId: '00f067aa0ba902b7' } });
  child.setStatus({ code: SpanStatusCode.OK });
  child.end();
  const failed = tracer.startSpan('failing step', { kind: SpanKind.PRODUCER }, trace.setSpan(parent, child));
  failed.recordException(new TypeError('no such order'));
  failed.setStatus({ code: SpanStatusCode.ERROR, message: 'no such order' });
  failed.end();
  tracer.startSpan('consume', { kind: SpanKind.CONSUMER, attributes: { marker: event.marker ?? '' } }, parent).end();
}

function makeMetrics() {
  const meter = metrics.getMeter('node-meter', '0.9.0');
  const counter = meter.createCounter('orders', { unit: '{order}', description: 'Orders by outcome', valueType: ValueType.INT });
  counter.add(3, { outcome: 'stored' });
  counter.add(1, { outcome: 'declined', retried: true });
  meter.createCounter('revenue', { unit: 'EUR', valueType: ValueType.DOUBLE }).add(19.9);
  meter.createUpDownCounter('queue.length').add(-2, { queue: 'a' });
  meter.createGauge('temperature', { unit: 'Cel' }).record(21.5, { room: 'attic' });
  const duration = meter.createHistogram('duration', { unit: 's', advice: { explicitBucketBoundaries: [0.01, 0.1, 1, 10] } });
  for (const value of [0.005, 0.05, 0.05, 0.5, 5, 50])
    duration.record(value, { step: 'charge' });
  const size = meter.createHistogram('payload.size', { unit: 'By' });
  for (const value of [0, 1, 2, 1024, 65_536, 1_000_000.5])
    size.record(value, { kind: 'order' });
}

function makeLogs(inside, event) {
  const logger = logs.getLogger('node-logger', '2.0.0');
  logger.emit({ severityNumber: SeverityNumber.INFO, severityText: 'INFO', body: `marker ${event.marker ?? ''}`, attributes, context: inside });
  logger.emit({
    severityNumber: SeverityNumber.FATAL4, severityText: 'FATAL4', eventName: 'order.lost', context: inside,
    body: { order: { id: 7, amount: 19.9, tags: ['a', 1, true, null], empty: {} }, bytes: new Uint8Array([0, 1, 254, 255]) },
  });
  logger.emit({ body: 'neither severity nor context', timestamp: new Date(0), context: context.active() });
  for (let n = 0; n < (event.logs ?? 0); n++)
    logger.emit({ severityNumber: SeverityNumber.DEBUG, body: `log ${n} ${'x'.repeat(event.logBytes ?? 0)}`, context: inside });
}
