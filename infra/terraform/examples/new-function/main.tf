# A new function with the layer: `make layer`, then `terraform init && terraform apply` in this folder.

provider "aws" {
  region = var.region
}

locals {
  artifacts    = coalesce(var.artifacts, "${path.module}/../../../../artifacts")
  function_zip = "${local.artifacts}/demo-function-${var.architecture}.zip"
}

module "layer" {
  source = "../../modules/layer"

  filename     = "${local.artifacts}/telemetry-extension-layer-${var.architecture}.zip"
  architecture = var.architecture
}

module "telemetry" {
  source = "../../modules/function-telemetry"

  function_name        = var.function_name
  role_name            = aws_iam_role.demo.name
  layer_arn            = module.layer.arn
  otlp_endpoint        = var.otlp_endpoint
  otlp_headers         = var.otlp_headers
  secret_arns          = var.secret_arns
  cloudwatch_log_group = var.cloudwatch_log_group
  log_retention_days   = var.log_retention_days
  alarm_actions        = var.alarm_actions
}

resource "aws_lambda_function" "demo" {
  function_name    = var.function_name
  role             = aws_iam_role.demo.arn
  runtime          = var.runtime
  handler          = "bootstrap"
  filename         = local.function_zip
  source_code_hash = filebase64sha256(local.function_zip)
  architectures    = [var.architecture]
  layers           = module.telemetry.layers
  memory_size      = 256
  timeout          = 10

  environment {
    variables = module.telemetry.environment
  }

  tracing_config {
    mode = "Active"
  }

  logging_config {
    log_format = "Text"
    log_group  = module.telemetry.log_group_name
  }

  # Otherwise the first invocation may come before the role may write.
  depends_on = [aws_iam_role_policy.demo, module.telemetry]
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

# The platform's own permissions, for its log lines and X-Ray segments. The extension needs none to send OTLP.
resource "aws_iam_role_policy" "demo" {
  name = "logs-and-traces"
  role = aws_iam_role.demo.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${module.telemetry.log_group_arn}:*"
      },
      {
        Effect   = "Allow"
        Action   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
        Resource = "*"
      },
    ]
  })
}
