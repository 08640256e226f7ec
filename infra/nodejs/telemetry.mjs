// Loaded before the handler: NODE_OPTIONS=--import ./telemetry.mjs
import { register } from 'node:module';
import { getPropagator } from '@opentelemetry/auto-configuration-propagators';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { AwsLambdaInstrumentation } from '@opentelemetry/instrumentation-aws-lambda';
import { NodeSDK } from '@opentelemetry/sdk-node';

// Without this hook nothing that is loaded by import is instrumented, the handler neither.
register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);

// NodeSDK does not know the propagator that the wrapper names; this package does. Endpoint, protocol and sampler come from the wrapper.
new NodeSDK({ textMapPropagator: getPropagator() }).start();

// After start(): otherwise the instrumentation of Lambda finds no provider to flush, and spans stay in the process.
registerInstrumentations({ instrumentations: [new AwsLambdaInstrumentation()] });
