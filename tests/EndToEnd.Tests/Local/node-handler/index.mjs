// A handler as users write it, for Node's own runtime interface client.
export const handler = async (event, context) => {
  console.log("handling", event.n);
  if (event.fail) throw new TypeError("as asked");
  return { n: event.n, client: context.clientContext ?? null, wrapped: process.env.OTEL_EXPORTER_OTLP_ENDPOINT ?? null, runtime: process.env.AWS_EXECUTION_ENV };
};

export const streaming = awslambda.streamifyResponse(async (event, response) => {
  if (event.requestContext) {
    response = awslambda.HttpResponseStream.from(response, { statusCode: 201, headers: { "content-type": "text/plain", "x-from": "node" }, cookies: ["a=b"] });
  }

  response.write("one,");
  await new Promise((resolve) => setTimeout(resolve, 500));
  response.write("two");
  response.end();
});
