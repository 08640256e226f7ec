import { trace } from '@opentelemetry/api';

const tracer = trace.getTracer('orders');

export const handler = (event) => tracer.startActiveSpan('charge', async (span) => {
  try {
    console.log(`order ${event.id}`);
    return { id: event.id, charged: true };
  } finally {
    span.end();
  }
});
