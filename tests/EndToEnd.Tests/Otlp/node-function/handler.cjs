// The user's handler. It knows nothing of Lambda's APIs.
const { trace } = require('@opentelemetry/api');

exports.handler = async event => {
  console.log(`handling ${event.path ?? 'nothing'}`);
  await trace.getTracer('handler').startActiveSpan('load order', async span => {
    await new Promise(done => setTimeout(done, 20));
    span.end();
  });
  if (event.fail)
    throw new TypeError('the order has no items');
  if (event.sleepMs)
    await new Promise(done => setTimeout(done, event.sleepMs));
  if (event.kill)
    process.kill(process.pid, event.kill);
  return { statusCode: 200, body: 'ok' };
};
