import { existsSync } from 'node:fs';
import { Duration, Token, Annotations } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';

/** A header's value that the extension reads from a secret store. The function's configuration only names it. */
export class SecretValue {
    private constructor(
        readonly prefix: string,
        readonly reference: string,
        readonly grantRead: (grantee: iam.IGrantable) => void) {}

    /** @param options.prefix What stands before the secret, such as "Bearer ". @param options.jsonKey A field of a JSON secret. */
    static fromSecret(secret: secretsmanager.ISecret, options: { prefix?: string; jsonKey?: string } = {}): SecretValue {
        const key = options.jsonKey === undefined ? '' : `#${options.jsonKey}`;
        return new SecretValue(options.prefix ?? '', `\${${secret.secretArn}${key}}`, grantee => { secret.grantRead(grantee); });
    }

    /** A parameter, SecureString or not. */
    static fromParameter(parameter: ssm.IParameter, options: { prefix?: string } = {}): SecretValue {
        return new SecretValue(options.prefix ?? '', `\${${parameter.parameterArn}}`, grantee => { parameter.grantRead(grantee); });
    }
}

export interface TelemetryExtensionProps {
    /** A layer version that was published before. Give this or `layerZip`, or neither for functions out of a container image. */
    readonly layer?: lambda.ILayerVersion;

    /** A layer zip, from `make layer` or a release. */
    readonly layerZip?: string;

    /** Architecture of `layerZip`. @default x86_64 */
    readonly architecture?: lambda.Architecture;

    /** Base URL of the OTLP backend. */
    readonly endpoint?: string;

    /** @default http/protobuf */
    readonly protocol?: 'http/protobuf' | 'grpc';

    /** Headers for the backend. Values are percent-encoded here, except tokens and `{{resolve:…}}`. */
    readonly headers?: Record<string, string | SecretValue>;

    /** Other settings (docs/settings.md), without the prefix TELEMETRY_EXTENSION_. */
    readonly settings?: Record<string, string>;

    /** Creates alarms on dropped and dead-lettered records for each function. @default true */
    readonly alarms?: boolean;
}

export interface AttachOptions {
    /** Starts the runtime through /opt/telemetry-wrapper: for a managed runtime with an OpenTelemetry SDK of its own. @default false */
    readonly wrapper?: boolean;

    /** The function's log group, for the alarms. Without it the function's default group is made known to CloudFormation. */
    readonly logGroup?: logs.ILogGroup;
}

/** The alarms of one function. */
export interface TelemetryAlarms {
    readonly dropped: cloudwatch.Alarm;
    readonly deadLettered: cloudwatch.Alarm;
}

const namespace = 'TelemetryExtension/Ledger';

/** Percent-encodes a header's value, but not what CDK or CloudFormation puts in later: the reference would no longer be one. */
function encode(value: string): string {
    return value.split(/(\$\{Token\[[^\]]*\]\}|\{\{resolve:[^}]*\}\})/).map((part, index) => index % 2 === 1 ? part : encodeURIComponent(part)).join('');
}

/** The telemetry extension as a layer, and what a function needs to use it. */
export class TelemetryExtension extends Construct {
    readonly layer?: lambda.ILayerVersion;

    constructor(scope: Construct, id: string, private readonly props: TelemetryExtensionProps) {
        super(scope, id);
        if (props.layer && props.layerZip) {
            throw new Error('Give either layer or layerZip, not both.');
        }
        if (props.layerZip !== undefined && !existsSync(props.layerZip)) {
            throw new Error(`${props.layerZip} is missing: run make layer, or take the zip of a release.`);
        }
        if (props.endpoint !== undefined && !Token.isUnresolved(props.endpoint) && !/^https?:\/\//.test(props.endpoint)) {
            throw new Error(`endpoint must begin with http:// or https://, but is ${props.endpoint}`);
        }
        for (const name of Object.keys(props.settings ?? {})) {
            if (!/^[A-Z0-9_]+$/.test(name) || name.startsWith('TELEMETRY_EXTENSION_')) {
                throw new Error(`settings are named in upper case and without the prefix TELEMETRY_EXTENSION_, but one is ${name}`);
            }
        }
        this.layer = props.layer ?? (props.layerZip === undefined ? undefined : new lambda.LayerVersion(this, 'Layer', {
            code: lambda.Code.fromAsset(props.layerZip),
            description: 'Sends traces, logs and metrics of every invocation to an OTLP backend.',
            license: 'Apache-2.0',
            // No compatibleRuntimes: an extension runs beside every runtime.
            compatibleArchitectures: [props.architecture ?? lambda.Architecture.X86_64],
        }));
    }

    /** Adds the layer, the environment variables, the permission to read secrets, and the alarms. */
    attach(fn: lambda.Function, options: AttachOptions = {}): TelemetryAlarms | undefined {
        if (this.layer) {
            fn.addLayers(this.layer);
        }
        // The extension's own names: an SDK inside the function does not read them, so it cannot send past the extension.
        const variables: Record<string, string | undefined> = {
            OTLP_ENDPOINT: this.props.endpoint,
            OTLP_PROTOCOL: this.props.protocol,
            OTLP_HEADERS: this.headers(fn),
            ...this.props.settings,
        };
        for (const [name, value] of Object.entries(variables)) {
            if (value !== undefined) {
                fn.addEnvironment(`TELEMETRY_EXTENSION_${name}`, value);
            }
        }
        if (options.wrapper) {
            if (fn.runtime.name.startsWith('provided')) {
                Annotations.of(fn).addWarningV2('telemetry-extension:wrapper', 'A custom runtime does not start wrapper scripts. See docs/runtimes/custom.md.');
            }
            fn.addEnvironment('AWS_LAMBDA_EXEC_WRAPPER', '/opt/telemetry-wrapper');
        }
        return this.props.alarms === false ? undefined : this.alarms(fn, options.logGroup ?? fn.logGroup);
    }

    private headers(fn: lambda.Function): string | undefined {
        const headers = Object.entries(this.props.headers ?? {});
        if (headers.length === 0) {
            return undefined;
        }
        return headers.map(([name, value]) => {
            if (typeof value === 'string') {
                return `${name}=${encode(value)}`;
            }
            value.grantRead(fn);
            return `${name}=${encodeURIComponent(value.prefix)}${value.reference}`;
        }).join(',');
    }

    /** One line ends the life of each environment; it says what became of every record. */
    private alarms(fn: lambda.Function, group: logs.ILogGroup): TelemetryAlarms {
        const alarm = (id: string, count: string, description: string) => {
            const name = `${fn.node.addr}-${count}`;
            new logs.MetricFilter(fn, `Telemetry${id}Filter`, {
                logGroup: group,
                filterPattern: logs.FilterPattern.literal(`%telemetry-extension..ledger:.*${count}=[1-9]%`),
                metricNamespace: namespace,
                metricName: name,
            });
            return new cloudwatch.Metric({ namespace, metricName: name, statistic: 'Sum', period: Duration.minutes(5) })
                .createAlarm(fn, `Telemetry${id}`, {
                    alarmDescription: description,
                    threshold: 0,
                    evaluationPeriods: 1,
                    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
                    treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
                });
        };
        return {
            dropped: alarm('Dropped', 'dropped', 'Environments that dropped telemetry records. The ledger line tells which signal and why.'),
            deadLettered: alarm('DeadLettered', 'dead_lettered',
                'Environments that wrote dead letters, as the backend did not take the records. telemetry-extension replay sends them again.'),
        };
    }
}
