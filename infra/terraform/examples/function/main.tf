# The layer on a function of its own: `make layer`, then `terraform init && terraform apply` in this folder.

provider "aws" {
  region = var.region
}

locals {
  artifacts    = coalesce(var.artifacts, "${path.module}/../../../../artifacts")
  function_zip = "${local.artifacts}/demo-function-${var.architecture}.zip"

  cloudwatch_group = join(":", [
    "arn", data.aws_partition.current.partition, "logs", var.region, data.aws_caller_identity.current.account_id, "log-group",
    coalesce(var.cloudwatch_log_group, "none"),
  ])
}

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

module "layer" {
  source = "../../modules/layer"

  filename     = "${local.artifacts}/telemetry-extension-layer-${var.architecture}.zip"
  architecture = var.architecture
}

resource "aws_lambda_function" "demo" {
  function_name    = var.function_name
  role             = aws_iam_role.demo.arn
  runtime          = var.runtime
  handler          = "bootstrap"
  filename         = local.function_zip
  source_code_hash = filebase64sha256(local.function_zip)
  architectures    = [var.architecture]
  layers           = [module.layer.arn]
  memory_size      = 256
  timeout          = 10

  # For the extension alone. OTEL_EXPORTER_OTLP_ENDPOINT works too, but an SDK in the function would read it as well and send past
  # the extension; where the runtime supports wrapper scripts, /opt/telemetry-wrapper takes care of that.
  environment {
    variables = merge(
      {
        TELEMETRY_EXTENSION_OTLP_ENDPOINT = var.otlp_endpoint
        TELEMETRY_EXTENSION_OTLP_HEADERS  = var.otlp_headers
      },
      var.cloudwatch_log_group == null ? {} : { TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP = var.cloudwatch_log_group },
    )
  }

  tracing_config {
    mode = "Active"
  }

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.demo.name
  }

  # Otherwise the first invocation may come before the role may write.
  depends_on = [aws_iam_role_policy.demo, aws_iam_role_policy.cloudwatch]
}

resource "aws_cloudwatch_log_group" "demo" {
  name              = "/aws/lambda/${var.function_name}"
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role" "demo" {
  name = var.function_name
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

# The extension itself needs no permission to send OTLP: these are the platform's, for its log lines and X-Ray segments.
resource "aws_iam_role_policy" "demo" {
  name = "logs-and-traces"
  role = aws_iam_role.demo.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.demo.arn}:*"
      },
      {
        Effect   = "Allow"
        Action   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
        Resource = "*"
      },
    ]
  })
}

# infra/iam/cloudwatch-destination.json, for this one group.
resource "aws_iam_role_policy" "cloudwatch" {
  count = var.cloudwatch_log_group == null ? 0 : 1

  name = "telemetry-to-cloudwatch-logs"
  role = aws_iam_role.demo.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "PutTelemetry"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${local.cloudwatch_group}:log-stream:*"
      },
      {
        Sid      = "CreateTheLogGroupIfItIsMissing"
        Effect   = "Allow"
        Action   = ["logs:CreateLogGroup", "logs:PutRetentionPolicy"]
        Resource = [local.cloudwatch_group, "${local.cloudwatch_group}:*"]
      },
    ]
  })
}
