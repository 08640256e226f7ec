import * as assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';
import { App, CfnParameter, Stack, Validations } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { AwsSolutionsChecks } from 'cdk-nag';
import { example } from '../example/app';
import { SecretValue, TelemetryExtension } from '../lib/telemetry-extension';

const zip = path.join(mkdtempSync(path.join(tmpdir(), 'cdk-')), 'layer.zip');
writeFileSync(zip, 'stand-in');

function functionOf(stack: Stack, runtime = lambda.Runtime.NODEJS_22_X) {
    return new lambda.Function(stack, 'Function', {
        runtime, handler: 'index.handler',
        code: runtime === lambda.Runtime.NODEJS_22_X ? lambda.Code.fromInline('exports.handler = async () => 1;') : lambda.Code.fromAsset(zip),
    });
}

test('the example has layer, environment, secret and alarms', () => {
    const template = Template.fromStack(example(new App(), zip));
    template.hasResourceProperties('AWS::Lambda::LayerVersion', { CompatibleArchitectures: ['x86_64'], CompatibleRuntimes: Match.absent() });
    template.hasResourceProperties('AWS::Lambda::Function', {
        Layers: [{ Ref: Match.stringLikeRegexp('TelemetryLayer') }],
        Environment: { Variables: { TELEMETRY_EXTENSION_OTLP_ENDPOINT: 'https://otlp.example.com' } },
    });
    const fn = Object.values(template.findResources('AWS::Lambda::Function'))[0];
    const headers = JSON.stringify(fn.Properties.Environment.Variables.TELEMETRY_EXTENSION_OTLP_HEADERS);
    assert.match(headers, /authorization=Bearer%20\$\{arn:/);
    assert.match(headers, /:secretsmanager:.*otlp-backend#token\}/);
    template.hasResourceProperties('AWS::IAM::Policy', {
        PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: Match.arrayWith(['secretsmanager:GetSecretValue']), Effect: 'Allow' })]) },
    });
    template.resourceCountIs('AWS::CloudWatch::Alarm', 2);
    template.resourceCountIs('AWS::Logs::MetricFilter', 2);
});

test('nothing is added that was not asked for', () => {
    const stack = new Stack(new App(), 'S');
    const fn = functionOf(stack);
    const alarms = new TelemetryExtension(stack, 'T', { alarms: false }).attach(fn);
    assert.equal(alarms, undefined);
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', { Layers: Match.absent(), Environment: Match.absent() });
});

test('what is put in at deployment stays a reference', () => {
    const stack = new Stack(new App(), 'S');
    const fn = functionOf(stack);
    new TelemetryExtension(stack, 'T', {
        headers: { one: 'Bearer {{resolve:secretsmanager:otlp:SecretString:token}}', two: `a b ${new CfnParameter(stack, 'Key').valueAsString}` },
        alarms: false,
    }).attach(fn);
    const headers = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'))[0].Properties.Environment.Variables.TELEMETRY_EXTENSION_OTLP_HEADERS;
    assert.deepEqual(headers, { 'Fn::Join': ['', ['one=Bearer%20{{resolve:secretsmanager:otlp:SecretString:token}},two=a%20b%20', { Ref: 'Key' }]] });
});

test('headers are encoded, parameters are granted, settings get their prefix', () => {
    const stack = new Stack(new App(), 'S');
    const fn = functionOf(stack);
    new TelemetryExtension(stack, 'T', {
        endpoint: 'https://otlp.example.com',
        protocol: 'grpc',
        headers: { 'x-team': 'a b,c=d', key: SecretValue.fromParameter(ssm.StringParameter.fromSecureStringParameterAttributes(stack, 'P', { parameterName: '/otlp/key' })) },
        settings: { FLUSH_STRATEGY: 'end' },
    }).attach(fn, { wrapper: true });
    const template = Template.fromStack(stack);
    const variables = Object.values(template.findResources('AWS::Lambda::Function'))[0].Properties.Environment.Variables;
    assert.match(JSON.stringify(variables.TELEMETRY_EXTENSION_OTLP_HEADERS), /x-team=a%20b%2Cc%3Dd,key=\$\{arn:/);
    assert.equal(variables.TELEMETRY_EXTENSION_FLUSH_STRATEGY, 'end');
    assert.equal(variables.AWS_LAMBDA_EXEC_WRAPPER, '/opt/telemetry-wrapper');
    template.hasResourceProperties('AWS::IAM::Policy', {
        PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: Match.arrayWith(['ssm:GetParameters']) })]) },
    });
});

test('wrong input is refused with a reason', () => {
    const stack = new Stack(new App(), 'S');
    assert.throws(() => new TelemetryExtension(stack, 'A', { endpoint: 'collector:4318' }), /must begin with http/);
    assert.throws(() => new TelemetryExtension(stack, 'B', { layerZip: '/nowhere.zip' }), /is missing: run make layer/);
    assert.throws(() => new TelemetryExtension(stack, 'C', { settings: { TELEMETRY_EXTENSION_EMF: 'off' } }), /without the prefix/);
    assert.throws(() => new TelemetryExtension(stack, 'D', { layerZip: zip, layer: lambda.LayerVersion.fromLayerVersionArn(stack, 'L', 'arn:aws:lambda:eu-central-1:1:layer:x:1') }), /not both/);
});

test('a wrapper on a custom runtime is warned of', () => {
    const stack = new Stack(new App(), 'S');
    new TelemetryExtension(stack, 'T', {}).attach(functionOf(stack, lambda.Runtime.PROVIDED_AL2023), { wrapper: true });
    Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('does not start wrapper scripts'));
});

/** What cdk-nag finds in the example, as it fails the synthesis. Undefined when it finds nothing. */
function findings(acknowledged: { id: string; reason: string }[]): string | undefined {
    const app = new App({ outdir: mkdtempSync(path.join(tmpdir(), 'cdk-')) });
    const stack = example(app, zip);
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    Validations.of(stack).acknowledge(...acknowledged);
    try {
        app.synth();
        return undefined;
    } catch (error) {
        return readFileSync(path.join(app.outdir, 'validation-report.json'), 'utf8');
    }
}

const basicRole = {
    id: 'AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
    reason: 'CDK gives every function this role; the construct adds no managed policy.',
};

test('cdk-nag has no unexplained finding in the example', () => {
    assert.equal(findings([basicRole]), undefined);
});

test('cdk-nag does look at the example', () => {
    assert.match(findings([]) ?? '', /AwsSolutions-IAM4/);
});
