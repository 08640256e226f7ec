using System.Text;

namespace TelemetryExtension.Configuration;

/// <summary>
/// The one list of our settings: name without the prefix, default, unit of a plain number, example, meaning, in sections. The tables in docs/settings.md are made
/// of it, and the names for misspelt ones. A test compares it with what the code reads.
/// </summary>
internal static class SettingCatalogue
{
    /// <summary>UTF-8, because it takes half of a string's space in the binary.</summary>
    private static ReadOnlySpan<byte> Text =>
        """
        # Where telemetry goes
        OTLP_ENDPOINT | none |  | `https://otlp.example.com:4318` | base URL of the backend, such as `https://otlp.example.com:4318`
        OTLP_PROTOCOL | `http/protobuf` |  | `grpc` | or `grpc`
        OTLP_HEADERS | none |  | `authorization=Bearer%20abc` | `key=value` pairs separated by commas, values percent-encoded: `authorization=Bearer%20abc`
        OTLP_TIMEOUT | `10000` | milliseconds | `5s` | milliseconds for one request
        OTLP_COMPRESSION | `none` |  | `gzip` | or `gzip`
        OTLP_CERTIFICATE | none |  | `/opt/ca.pem` | PEM file with the authorities to trust. Otherwise the system's bundle, or the file of `SSL_CERT_FILE`
        OTLP_CLIENT_KEY | none |  | `/opt/client.key` | PEM file with the key for mutual TLS
        OTLP_CLIENT_CERTIFICATE | none |  | `/opt/client.pem` | PEM file with the certificate for mutual TLS
        OTLP_INSECURE | `false` | boolean | `true` | plaintext, for a gRPC endpoint without a scheme
        OTLP_SIGNALS | `traces,metrics,logs` |  | `traces,logs` | which signals the first destination gets, also when its endpoint is a standard variable. Without it, `OTEL_TRACES_EXPORTER`, `OTEL_METRICS_EXPORTER` and `OTEL_LOGS_EXPORTER` with the value `none` leave a signal out of the standard endpoint
        OTLP_SIGV4 | `auto` |  | `on` | sign requests with the function's role: `auto` for AWS's own addresses without an `authorization` header, `on` for any address, `off`, or the name of a service to sign for. [AWS endpoints](backends/aws.md)
        OTLP_2_ENDPOINT | none |  | `https://second.example.com` | a second destination, which gets a copy
        OTLP_2_PROTOCOL | `http/protobuf` |  | `grpc` | as above
        OTLP_2_HEADERS | none |  | `authorization=Bearer%20abc` | as above
        OTLP_2_TIMEOUT | `10000` | milliseconds | `5s` | as above
        OTLP_2_COMPRESSION | `none` |  | `gzip` | as above
        OTLP_2_CERTIFICATE | none |  | `/opt/ca.pem` | as above
        OTLP_2_CLIENT_KEY | none |  | `/opt/client.key` | as above
        OTLP_2_CLIENT_CERTIFICATE | none |  | `/opt/client.pem` | as above
        OTLP_2_INSECURE | `false` | boolean | `true` | as above
        OTLP_2_SIGNALS | `traces,metrics,logs` |  | `traces,logs` | which signals it gets
        OTLP_2_SIGV4 | `auto` |  | `on` | as above
        OTLP_3_ENDPOINT | none |  | `https://third.example.com` | a third destination
        OTLP_3_PROTOCOL | `http/protobuf` |  | `grpc` | as above
        OTLP_3_HEADERS | none |  | `authorization=Bearer%20abc` | as above
        OTLP_3_TIMEOUT | `10000` | milliseconds | `5s` | as above
        OTLP_3_COMPRESSION | `none` |  | `gzip` | as above
        OTLP_3_CERTIFICATE | none |  | `/opt/ca.pem` | as above
        OTLP_3_CLIENT_KEY | none |  | `/opt/client.key` | as above
        OTLP_3_CLIENT_CERTIFICATE | none |  | `/opt/client.pem` | as above
        OTLP_3_INSECURE | `false` | boolean | `true` | as above
        OTLP_3_SIGNALS | `traces,metrics,logs` |  | `traces,logs` | as above
        OTLP_3_SIGV4 | `auto` |  | `on` | as above
        # Keys from a secret store
        SECRETS_TTL | `3600` | seconds | `15m` | seconds after which a secret is read again, in the background
        # When it is sent
        FLUSH_STRATEGY | `adaptive` |  | `end` | see below
        FLUSH_INTERVAL | `20` | seconds | `30s` | seconds between deferred flushes, and between those in a long invocation
        FLUSH_STALENESS | `60` | seconds | `2m` | seconds: how old data may become while `adaptive` defers
        WARM_UP | `true` | boolean | `false` | uses the init phase for the first invocation: opens connections to the OTLP destinations, and runs the code of a flush once. Never before a snapshot
        FLUSH_BUDGET_MS | `300` | milliseconds | `500ms` | milliseconds: the most a flush may hold up an invocation whose runtime is done
        # What the function's own SDK sends
        OTLP_RECEIVER | `true` | boolean | `false` | receive OTLP from the function on localhost
        OTLP_HTTP_PORT | `4318` |  | `14318` | port for OTLP over HTTP
        OTLP_GRPC_PORT | `4317` |  | `14317` | port for OTLP over gRPC
        OTLP_RECEIVER_ADDRESS | `127.0.0.1` |  | `0.0.0.0` | `0.0.0.0` to be reachable as `sandbox.localdomain` too
        OTLP_MAX_REQUEST_BYTES | `4194304` | bytes | `2MiB` | bytes of one request, decompressed
        OTLP_IN_FLIGHT_BYTES | `12582912` | bytes | `8MiB` | bytes of all requests that are being received
        OTLP_ENRICH_RESOURCE | `false` | boolean | `true` | add `faas.*` and `cloud.*` to the function's own resources where they lack them
        # What the extension makes
        METRICS | `true` | boolean | `false` | make metrics of the platform's events and of the ledger
        METRICS_TEMPORALITY | `delta` |  | `cumulative` | or `cumulative`, for Prometheus-type backends. Grafana Cloud, and Prometheus at its own path (`/api/v1/otlp`), get `cumulative` by default
        METRICS_LEDGER_NAMES | `own` |  | `otel` | or `otel`: what became of exported records has the names of the semantic conventions, `otel.sdk.exporter.*`. The rest of the ledger keeps its names ([what](telemetry.md#metrics))
        METRICS_BY_TENANT | `false` | boolean | `true` | with tenant isolation: the tenant on the metrics of an invocation too. Each tenant is a time series more
        PRICE_PER_GB_SECOND | price of us-east-1 | US dollars | `0.0000133334` | for the estimated cost
        PRICE_PER_MILLION_REQUESTS | `0.20` | US dollars | `0.25` | for the estimated cost
        PLATFORM_LOGS | `false` | boolean | `true` | make a log record of every platform event too
        SELF_TRACES | `false` | boolean | `true` | make a span of every flush: why, budget, bytes, result; it leaves with the next spans of the function
        FOLLOW_XRAY_SAMPLING | `false` | boolean | `true` | drop the spans of requests that X-Ray did not sample. Lambda marks every request as not sampled while X-Ray is off
        LOG_GROUP | none |  | `/custom/orders` | the function's log group, for `aws.log.group.names` and the ARNs. Lambda does not tell extensions its name
        XRAY_PARENT | `auto` |  | `keep` | the parent that the X-Ray header names: `keep` it, make each invocation a `root`, or `auto`: a root when only X-Ray has that parent ([decision](decisions/0010-one-trace.md))
        TELEMETRY_PORT | `4327` |  | `14327` | where Lambda delivers telemetry. The extension takes another port when this one is in use
        # Which traces it sends
        TRACES_SAMPLER | `always_on` |  | `parentbased_traceidratio` | `always_on`, `always_off`, `traceidratio`, or one of them after `parentbased_`: X-Ray's decision for the request then wins, where there is one. Lambda marks every request as not sampled while X-Ray is off
        TRACES_SAMPLER_ARG | `1.0` |  | `0.1` | the part of the traces to keep, from 0 to 1, for `traceidratio`
        TRACES_KEEP | `errors,coldstarts` |  | `errors` | what to keep beside: `errors` (whatever did not succeed, timeouts included), `coldstarts`, or `none`
        TRACES_KEEP_SLOW | `0` | milliseconds | `2s` | milliseconds: keep invocations that took at least so long. 0 for none
        SAMPLE_LOGS | `false` | boolean | `true` | leave out the log records of traces that are left out, too
        # Which records it leaves out
        LOGS_MIN_SEVERITY | `trace` |  | `warn` | `trace`, `debug`, `info`, `warn`, `error`, `fatal`: leave out log records below. A record whose severity is unknown stays
        LOGS_PER_SECOND | `0` | records | `100` | the most log records of one second, by their own times. 0 for no limit
        LOGS_DROP | none |  | `^GET\s/health` | leave out log records whose text matches one of these patterns
        LOGS_REPORT_LINES | `true` | boolean | `false` | `false`: leave out START, END and REPORT lines, as text or as platform events
        METRICS_ALLOW | all |  | `faas.*` | names of the metrics to send, separated by commas. A `*` at an end stands for any text: `faas.*`
        METRICS_DENY | none |  | `faas.mem_usage` | names of metrics to leave out, even if they are allowed
        METRICS_LEDGER | `true` | boolean | `false` | `false`: make no metrics of the ledger. The line at the end stays. CloudWatch bills each name of a metric
        # What it changes
        REDACT | `none` |  | `default` | replace secrets: `aws` (access keys, and secret keys and session tokens behind their names), `bearer` (tokens), `jwt`, `private-key` (PEM), `card` (numbers that pass Luhn's check), `email`. `default` is all but `email`
        REDACT_PATTERNS | none |  | `acct-\d+` | replace what matches one of these patterns
        REDACT_KEYS | none |  | `password,*token` | replace the whole value of attributes with these names, in any case and also inside maps: `password,*token`
        ATTRIBUTES | none |  | `delete user.id` | change attributes, see below
        # How much it keeps
        BUFFER_ITEMS | `8192` | records | `4096` | records that may wait to be encoded
        BUFFER_BYTES | memory / 16 | bytes | `8MiB` | bytes that may wait to be encoded. At least 4 and at most 64 MiB, and at most a quarter of the extension's heap limit of 64 MiB
        OUTBOX_MAX_BYTES | memory / 16 | bytes | `8MiB` | bytes of undelivered payloads in memory, at most a quarter of the heap limit. Up to 8 MiB more while files are written
        MAX_REQUEST_BYTES | `524288` | bytes | `1MiB` | payloads are merged up to this size
        MAX_AGE_SECONDS | `21600` | seconds | `12h` | a payload that is older becomes a dead letter
        MAX_ATTEMPTS | `1000` |  | `100` | a payload that failed so often becomes a dead letter
        SPOOL_DIRECTORY | `/tmp/telemetry-extension-spool` |  | `/tmp/spool` | files for what memory cannot hold, at most 1,000
        SPOOL_MAX_BYTES | `33554432` | bytes | `64MiB` | bytes of these files. 0 for none
        # The extension's own log
        LOG_LEVEL | `info` |  | `debug` | `error`, `warn`, `info`, `debug`. `debug` tells of each flush why it ran, what it sent and how long it took
        # CloudWatch Logs
        CLOUDWATCH_LOG_GROUP | none |  | `/otel/{function}` | send logs to this group. `{function}`, `{version}`, `{instance}`, `{date}` are filled in
        CLOUDWATCH_LOG_STREAM | `{instance}` |  | `{date}/{instance}` | the stream, with the same placeholders
        CLOUDWATCH_LOGS | `true` | boolean | `false` | send log records there
        CLOUDWATCH_SPANS | `false` | boolean | `true` | send spans there
        CLOUDWATCH_RESOURCE | `service` |  | `all` | resource attributes in each event: `none`, `service`, `all`
        CLOUDWATCH_CREATE | `true` | boolean | `false` | create a missing group or stream
        CLOUDWATCH_RETENTION_DAYS | never | days | `30` | retention of a group that the extension creates
        CLOUDWATCH_MAX_EVENT_BYTES | `262118` | bytes | `128KiB` | longer events are cut, visibly
        EMF | `logs` with a log group, else `off` |  | `stdout` | metrics as Embedded Metric Format: `off`, `logs`, `stdout`
        EMF_NAMESPACE | `TelemetryExtension` |  | `Shop` | namespace of these metrics
        EMF_DIMENSIONS | `faas.name` and the point's own attributes |  | `faas.name,faas.version;faas.name` | attribute names separated by `,`, sets of them by `;`, or `none`. Only what is named becomes a dimension, which bounds the number of metrics
        # Dead letters
        DEAD_LETTERS | `stdout` |  | `cloudwatch` | where they go: `off`, `stdout` (the function's log group), `cloudwatch`
        DEAD_LETTER_LOG_GROUP | `/telemetry-extension/dead-letters` |  | `/otel/dead-letters` | the group, with `cloudwatch`
        DEAD_LETTER_LOG_STREAM | `{function}/{instance}` |  | `{date}/{instance}` | the stream, with `cloudwatch`
        DEAD_LETTER_RETENTION_DAYS | never | days | `90` | retention of a group that the extension creates
        DEAD_LETTER_MAX_BYTES | `4194304` | bytes | `1MiB` | at most so many bytes
        DEAD_LETTER_TIMEOUT | `500` | milliseconds | `800ms` | milliseconds for a call of CloudWatch Logs, and for failed ones together. The rest of the time is for stdout
        """u8;

    private static readonly Lazy<IReadOnlyList<SettingEntry>> Entries = new(Parse);

    public static IReadOnlyList<SettingEntry> All => Entries.Value;

    private static List<SettingEntry> Parse()
    {
        var entries = new List<SettingEntry>();
        var section = "";
        foreach (var line in Encoding.UTF8.GetString(Text).Split('\n'))
        {
            if (line.StartsWith("# ", StringComparison.Ordinal))
                section = line[2..];
            else if (line.Split(" | ", 5) is [var name, var @default, var unit, var example, var meaning])
                entries.Add(new(section, name, @default, unit, example, meaning));
        }

        return entries;
    }
}

/// <param name="Section">The heading on the page.</param>
/// <param name="Default">As on the page: a value in backquotes, or words.</param>
/// <param name="Unit">Of a plain number. Empty for text.</param>
internal sealed record SettingEntry(string Section, string Name, string Default, string Unit, string Example, string Meaning);
