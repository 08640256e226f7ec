#!/usr/bin/env python3
"""A small runtime: answers with the event; the event's `do` makes it misbehave."""
import os, json, http.client, sys, time
api = os.environ["AWS_LAMBDA_RUNTIME_API"]
connection = http.client.HTTPConnection(api)
def call(method, path, body=None):
    connection.request(method, "/2018-06-01/runtime/invocation/" + path, body)
    response = connection.getresponse()
    return response.headers, response.read()
print("started with " + " ".join(sys.argv[1:]) + " in " + os.getcwd(), flush=True)
while True:
    headers, body = call("GET", "next")
    event = json.loads(body)
    do = event.get("do") or event.get("queryStringParameters", {}).get("do", "")
    request = headers["Lambda-Runtime-Aws-Request-Id"]
    if do == "env":
        event = dict(os.environ)
    elif do == "exit":
        sys.exit(3)
    elif do == "headers":
        event = dict(headers.items())
        event["_HANDLER"] = os.environ["_HANDLER"]
    elif do == "wait":
        time.sleep(event["seconds"])
    elif do == "sleep":
        time.sleep(60)
    elif do == "hog":
        hog = bytearray(event["bytes"])
        for i in range(0, len(hog), 4096):
            hog[i] = 1
    elif do == "spin":
        end = time.process_time() + event["seconds"]
        while time.process_time() < end:
            pass
    elif do == "file":
        with open("/tmp/kept", "a") as f:
            f.write("x")
        with open("/tmp/kept") as f:
            event = {"kept": f.read()}
    elif do == "write":
        try:
            open(event["path"], "w").close()
        except OSError as e:
            event = {"error": str(e)}
    elif do == "child":
        pid = os.fork()
        if pid == 0:
            time.sleep(60)
        event = {"pid": pid}
    elif do == "daemon":
        pid = os.fork()
        if pid == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(120)
            os._exit(0)
        os.waitpid(pid, 0)
    elif do == "fail":
        call("POST", request + "/error", json.dumps({"errorMessage": "as asked", "errorType": "Oops"}))
        continue
    elif do == "otlp":
        span = {"traceId": "5759e988bd862e3fe1be46a994272793", "spanId": "53995c3f42cd8ad8", "name": "from python",
                "startTimeUnixNano": "1786449600000000000", "endTimeUnixNano": "1786449600100000000"}
        backend = http.client.HTTPConnection(os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"].split("//")[1])
        backend.request("POST", "/v1/traces", json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}), {"Content-Type": "application/json"})
        backend.getresponse().read()
    elif do == "http":
        event = {"statusCode": 202, "cookies": ["one=1", "two=2"], "headers": {"content-type": "application/json"}, "body": json.dumps(event)}
    elif do == "stream":
        def chunks():
            yield json.dumps({"statusCode": 201, "headers": {"x-from": "python"}}).encode() + bytes(8)
            yield b"one,"
            time.sleep(1)
            yield b"two"
        stream = http.client.HTTPConnection(api)
        stream.request("POST", "/2018-06-01/runtime/invocation/" + request + "/response", chunks(), {
            "Lambda-Runtime-Function-Response-Mode": "streaming", "Transfer-Encoding": "chunked",
            "Content-Type": "application/vnd.awslambda.http-integration-response"}, encode_chunked=True)
        stream.getresponse().read()
        continue
    if do == "log":
        print(json.dumps({"level": "INFO", "message": "an object"}))
        print("plain line", flush=True)
    call("POST", headers["Lambda-Runtime-Aws-Request-Id"] + "/response", json.dumps(event))
