// npm ci && npm run synth: writes the template to cdk.out. `npx cdk deploy --app 'node dist/example/app.js'` deploys it.
import * as path from 'node:path';
import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { SecretValue, TelemetryExtension } from '../lib/telemetry-extension';

export function example(app: App, layerZip: string): Stack {
    const stack = new Stack(app, 'Orders');
    const logGroup = new logs.LogGroup(stack, 'OrdersLogs', { retention: logs.RetentionDays.TWO_WEEKS, removalPolicy: RemovalPolicy.DESTROY });
    const orders = new lambda.Function(stack, 'OrdersFunction', {
        runtime: lambda.Runtime.NODEJS_24_X,
        handler: 'index.handler',
        code: lambda.Code.fromInline('exports.handler = async (event) => { console.log("order", event.id); return { ok: true }; };'),
        logGroup,
    });

    const telemetry = new TelemetryExtension(stack, 'Telemetry', {
        layerZip,
        endpoint: 'https://otlp.example.com',
        headers: {
            authorization: SecretValue.fromSecret(secretsmanager.Secret.fromSecretNameV2(stack, 'BackendKey', 'otlp-backend'), { prefix: 'Bearer ', jsonKey: 'token' }),
        },
    });
    telemetry.attach(orders, { logGroup });
    return stack;
}

if (require.main === module) {
    const root = process.env.TELEMETRY_EXTENSION_ARTIFACTS ?? path.join(process.cwd(), '..', '..', 'artifacts');
    const app = new App({ outdir: process.env.CDK_OUTDIR ?? 'cdk.out' });
    example(app, path.join(root, 'telemetry-extension-layer-x86_64.zip'));
    app.synth();
}
