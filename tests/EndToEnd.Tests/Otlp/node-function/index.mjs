// A Lambda function in plain Node: the Runtime API loop by hand, and the OpenTelemetry JS SDK.
import { makeTelemetry, startSdk } from './telemetry.mjs';

const runtime = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
const { flush, shutdown } = startSdk();

process.on('SIGTERM', async () => {
  await shutdown();
  process.exit(0);
});

for (;;) {
  const next = await fetch(`${runtime}/invocation/next`);
  const requestId = next.headers.get('lambda-runtime-aws-request-id');
  // The contract of a runtime: the xray-lambda propagator reads the trace header here.
  process.env._X_AMZN_TRACE_ID = next.headers.get('lambda-runtime-trace-id') ?? '';
  const event = await next.json();
  const answer = await makeTelemetry(event, requestId);
  // With the answer the platform reports runtimeDone, and after the next /next this process is frozen. `late` leaves the
  // requests under way at that moment, as SDKs do that export in the background.
  const flushed = flush();
  if (!event.late)
    answer.flush = await flushed;
  await fetch(`${runtime}/invocation/${requestId}/response`, { method: 'POST', body: JSON.stringify(answer) });
}
