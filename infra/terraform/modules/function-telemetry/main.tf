# Everything that a function needs beside the layer. Terraform cannot change a function that another resource defines: so the function takes
# `layers` and `environment` from the outputs, and this module makes the rest.

locals {
  log_group_name = coalesce(var.log_group_name, "/aws/lambda/${var.function_name}")

  # The extension's own names: an SDK inside the function does not read them, so it cannot send past the extension.
  extension = {
    OTLP_ENDPOINT         = var.otlp_endpoint
    OTLP_PROTOCOL         = var.otlp_protocol
    CLOUDWATCH_LOG_GROUP  = var.cloudwatch_log_group
    DEAD_LETTERS          = var.dead_letter_log_group == null ? null : "cloudwatch"
    DEAD_LETTER_LOG_GROUP = var.dead_letter_log_group
  }

  environment = merge(
    { for name, value in merge(local.extension, var.settings) : "TELEMETRY_EXTENSION_${name}" => value if value != null },
    # nonsensitive: only the value is secret. Otherwise a plan would hide the whole environment.
    nonsensitive(var.otlp_headers == null) ? {} : { TELEMETRY_EXTENSION_OTLP_HEADERS = var.otlp_headers },
    var.wrapper ? { AWS_LAMBDA_EXEC_WRAPPER = "/opt/telemetry-wrapper" } : {},
    var.environment,
  )

  logs = "arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:log-group"

  # infra/iam/cloudwatch-destination.json and infra/iam/dead-letters.json, for these groups alone.
  written_groups = [for name in compact([var.cloudwatch_log_group, var.dead_letter_log_group]) : "${local.logs}:${name}"]
  secrets        = [for arn in var.secret_arns : arn if strcontains(arn, ":secretsmanager:")]
  parameters     = [for arn in var.secret_arns : arn if strcontains(arn, ":ssm:")]

  statements = concat(
    length(local.written_groups) == 0 ? [] : [
      {
        Sid      = "PutTelemetry"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = [for group in local.written_groups : "${group}:log-stream:*"]
      },
      {
        Sid      = "CreateTheLogGroupIfItIsMissing"
        Effect   = "Allow"
        Action   = ["logs:CreateLogGroup", "logs:PutRetentionPolicy"]
        Resource = flatten([for group in local.written_groups : [group, "${group}:*"]])
      },
    ],
    length(local.secrets) == 0 ? [] : [{
      Sid      = "ReadSecrets"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = local.secrets
    }],
    length(local.parameters) == 0 ? [] : [{
      Sid      = "ReadParameters"
      Effect   = "Allow"
      Action   = ["ssm:GetParameters"]
      Resource = local.parameters
    }],
    length(var.kms_key_arns) == 0 ? [] : [{
      Sid      = "DecryptSecrets"
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = var.kms_key_arns
    }],
  )

  # One line ends the life of each environment: "[telemetry-extension] ledger: traces received=... dead_lettered=0 ... dropped=0; ...".
  # Between % signs stands a regular expression of CloudWatch Logs. A dot stands for the bracket and for the space.
  alarms = {
    dropped = {
      description = "Environments of ${var.function_name} that dropped telemetry records. The ledger line tells which signal and why."
      pattern     = "%telemetry-extension..ledger:.*dropped=[1-9]%"
    }
    dead-lettered = {
      description = "Environments of ${var.function_name} that wrote dead letters, as the backend did not take the records. telemetry-extension replay sends them again."
      pattern     = "%telemetry-extension..ledger:.*dead_lettered=[1-9]%"
    }
  }
}

data "aws_partition" "current" {}

data "aws_region" "current" {}

data "aws_caller_identity" "current" {}

resource "aws_cloudwatch_log_group" "this" {
  count = var.create_log_group ? 1 : 0

  name              = local.log_group_name
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_iam_role_policy" "this" {
  count = var.role_name != null && length(local.statements) > 0 ? 1 : 0

  name = "telemetry-extension"
  role = var.role_name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = local.statements
  })
}

resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = var.alarms ? local.alarms : {}

  name           = "${var.function_name}-telemetry-${each.key}"
  log_group_name = local.log_group_name
  pattern        = each.value.pattern

  metric_transformation {
    name      = "${var.function_name}-${each.key}"
    namespace = "TelemetryExtension/Ledger"
    value     = "1"
  }

  depends_on = [aws_cloudwatch_log_group.this]
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = var.alarms ? local.alarms : {}

  alarm_name          = "${var.function_name}-telemetry-${each.key}"
  alarm_description   = each.value.description
  namespace           = "TelemetryExtension/Ledger"
  metric_name         = "${var.function_name}-${each.key}"
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  tags                = var.tags
}
