#!/usr/bin/env python3
"""A small extension: waits for runtimeDone, prints what it sees. Its variable MODE makes it misbehave."""
import os, json, time, http.client, http.server, threading
api = os.environ["AWS_LAMBDA_RUNTIME_API"]
mode = os.environ.get("MODE", "")
events = []
done = threading.Condition()
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])) if "Content-Length" in self.headers else b""
        with done:
            try: events.extend(json.loads(body))
            except ValueError: events.append({"type": "garbage", "record": {}})
            done.notify_all()
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
    def log_message(self, *a): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
threading.Thread(target=server.serve_forever, daemon=True).start()
def call(method, path, body=None, headers={}):
    c = http.client.HTTPConnection(api); c.request(method, path, body, headers); r = c.getresponse()
    return r.status, r.headers, r.read()
if mode == "print-env":
    print("ENV " + json.dumps(dict(os.environ)), flush=True)
s, h, b = call("POST", "/2020-01-01/extension/register", '{"events":["INVOKE","SHUTDOWN"]}', {"Lambda-Extension-Name": os.path.basename(__file__)})
ident = {"Lambda-Extension-Identifier": h["Lambda-Extension-Identifier"]}
print("registered", s, flush=True)
s, _, b = call("PUT", "/2022-07-01/telemetry", json.dumps({"schemaVersion": "2025-01-29", "types": ["platform", "function"],
  "buffering": {"maxItems": 1000, "maxBytes": 262144, "timeoutMs": 25},
  "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:%d/" % server.server_port}}), ident)
print("subscribed", s, b.decode(), flush=True)
while True:
    s, h, b = call("GET", "/2020-01-01/extension/event/next", headers=ident)
    e = json.loads(b)
    if e["eventType"] == "SHUTDOWN" and mode == "ignore-shutdown":
        time.sleep(60)
    if e["eventType"] == "SHUTDOWN":
        print("shutdown", e["shutdownReason"], "reports", sum(1 for x in events if x["type"] == "platform.report"), flush=True)
        break
    if mode == "crash":
        os._exit(0)
    with done:
        done.wait_for(lambda: any(x["type"] == "platform.runtimeDone" and x["record"]["requestId"] == e["requestId"] for x in events), 5)
