// Invokes a function by the AWS SDK for JavaScript: endpoint, what to do, event. Prints one JSON object.
import { InvokeCommand, InvokeWithResponseStreamCommand, LambdaClient } from "@aws-sdk/client-lambda";

const [endpoint, mode, event] = process.argv.slice(2);
const client = new LambdaClient({
  endpoint, region: "eu-west-1", maxAttempts: 1,
  credentials: { accessKeyId: "x", secretAccessKey: "y" },
});
const text = (bytes) => new TextDecoder().decode(bytes);
const input = { FunctionName: "anything", Payload: event, LogType: "Tail" };

async function stream() {
  const answer = await client.send(new InvokeWithResponseStreamCommand(input));
  const chunks = [];
  let complete;
  for await (const item of answer.EventStream) {
    if (item.PayloadChunk) chunks.push(text(item.PayloadChunk.Payload));
    if (item.InvokeComplete) complete = item.InvokeComplete;
  }
  return { chunks, complete: { ...complete, LogResult: complete.LogResult && atob(complete.LogResult) } };
}

async function invoke() {
  const context = btoa(JSON.stringify({ custom: { from: "sdk" } }));
  const answer = await client.send(new InvokeCommand({ ...input, ClientContext: context }));
  return {
    status: answer.StatusCode, error: answer.FunctionError, version: answer.ExecutedVersion,
    payload: text(answer.Payload), log: answer.LogResult && atob(answer.LogResult),
  };
}

try {
  console.log(JSON.stringify(await (mode === "stream" ? stream() : invoke())));
} catch (error) {
  console.log(JSON.stringify({ name: error.name, message: error.message, status: error.$metadata?.httpStatusCode }));
}
