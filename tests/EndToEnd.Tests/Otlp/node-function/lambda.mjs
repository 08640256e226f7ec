// A Lambda function behind the real instrumentation of the OpenTelemetry JS SDK, which makes the SERVER span of each invocation.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { trace } from '@opentelemetry/api';
import { getPropagator } from '@opentelemetry/auto-configuration-propagators';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { AwsLambdaInstrumentation } from '@opentelemetry/instrumentation-aws-lambda';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

// As Lambda's Node runtime sets them. The instrumentation finds the handler by these.
process.env.LAMBDA_TASK_ROOT = fileURLToPath(new URL('.', import.meta.url));
process.env._HANDLER = 'handler.handler';
const instrumentation = new AwsLambdaInstrumentation();
new NodeSDK({
  autoDetectResources: false,
  textMapPropagator: getPropagator(),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter(), { scheduledDelayMillis: 3_600_000 })],
  metricReaders: [],
  logRecordProcessors: [],
  instrumentations: [instrumentation],
}).start();
// The SDK gave it the provider before it was ready, and without one it does not flush before the answer.
instrumentation.setTracerProvider(trace.getTracerProvider());

const runtime = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
const exported = createRequire(import.meta.url)('./handler.cjs');

for (;;) {
  const next = await fetch(`${runtime}/invocation/next`);
  const requestId = next.headers.get('lambda-runtime-aws-request-id');
  process.env._X_AMZN_TRACE_ID = next.headers.get('lambda-runtime-trace-id') ?? '';
  const event = await next.json();
  const context = {
    awsRequestId: requestId,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    invokedFunctionArn: next.headers.get('lambda-runtime-invoked-function-arn'),
  };
  try {
    const answer = await exported.handler(event, context);
    await fetch(`${runtime}/invocation/${requestId}/response`, { method: 'POST', body: JSON.stringify(answer) });
  } catch (error) {
    console.error(`${new Date().toISOString()}\t${requestId}\tERROR\tInvoke Error \t${JSON.stringify({ errorType: error.name, errorMessage: error.message, stack: error.stack.split('\n') })}`);
    await fetch(`${runtime}/invocation/${requestId}/error`, {
      method: 'POST',
      headers: { 'Lambda-Runtime-Function-Error-Type': `Function.${error.name}` },
      body: JSON.stringify({ errorType: error.name, errorMessage: error.message, stackTrace: [] }),
    });
  }
}
