# `terraform test`: no account is asked, the provider is mocked.
mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws-us-gov" }
  }
  mock_data "aws_region" {
    defaults = { name = "us-gov-west-1" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
}

variables {
  function_name = "orders"
  layer_arn     = "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:layer:telemetry-extension:7"
}

run "least" {
  command = plan

  assert {
    condition     = length(output.environment) == 0
    error_message = "Without settings the environment must be empty."
  }
  assert {
    condition     = output.layers == tolist([var.layer_arn])
    error_message = "The layer is missing."
  }
  assert {
    condition     = output.policy_json == null && length(aws_iam_role_policy.this) == 0
    error_message = "OTLP needs no permission."
  }
  assert {
    condition     = aws_cloudwatch_log_group.this[0].name == "/aws/lambda/orders"
    error_message = "The log group must have Lambda's default name."
  }
}

run "everything" {
  command = plan

  variables {
    role_name             = "orders-role"
    layers                = ["arn:aws-us-gov:lambda:us-gov-west-1:123456789012:layer:other:1"]
    otlp_endpoint         = "https://otlp.example.com"
    otlp_headers          = "authorization=Bearer%20$${arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:backend#key}"
    otlp_protocol         = "grpc"
    secret_arns           = ["arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:backend-a1b2c3", "arn:aws-us-gov:ssm:us-gov-west-1:123456789012:parameter/key"]
    kms_key_arns          = ["arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/1"]
    wrapper               = true
    settings              = { FLUSH_STRATEGY = "end" }
    environment           = { TABLE = "orders", TELEMETRY_EXTENSION_FLUSH_STRATEGY = "periodic" }
    cloudwatch_log_group  = "/otel/orders"
    dead_letter_log_group = "/otel/dead"
  }

  assert {
    condition = tomap(output.environment) == tomap({
      AWS_LAMBDA_EXEC_WRAPPER                   = "/opt/telemetry-wrapper"
      TABLE                                     = "orders"
      TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP  = "/otel/orders"
      TELEMETRY_EXTENSION_DEAD_LETTERS          = "cloudwatch"
      TELEMETRY_EXTENSION_DEAD_LETTER_LOG_GROUP = "/otel/dead"
      TELEMETRY_EXTENSION_FLUSH_STRATEGY        = "periodic"
      TELEMETRY_EXTENSION_OTLP_ENDPOINT         = "https://otlp.example.com"
      TELEMETRY_EXTENSION_OTLP_HEADERS          = "authorization=Bearer%20$${arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:backend#key}"
      TELEMETRY_EXTENSION_OTLP_PROTOCOL         = "grpc"
    })
    error_message = "The environment lacks a variable, or the function's own does not win."
  }
  assert {
    condition     = output.layers[0] == "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:layer:other:1" && output.layers[1] == var.layer_arn
    error_message = "The function's own layers come first."
  }
  assert {
    condition = [for statement in jsondecode(output.policy_json).Statement : statement.Action] == [
      ["logs:CreateLogStream", "logs:PutLogEvents"], ["logs:CreateLogGroup", "logs:PutRetentionPolicy"],
      ["secretsmanager:GetSecretValue"], ["ssm:GetParameters"], ["kms:Decrypt"],
    ]
    error_message = "The policy must allow what was asked for, and nothing else."
  }
  assert {
    condition     = alltrue([for statement in jsondecode(output.policy_json).Statement : alltrue([for resource in statement.Resource : startswith(resource, "arn:aws-us-gov:") && resource != "*"])])
    error_message = "Every resource must be named, in the partition of the provider."
  }
  assert {
    condition     = output.policy_json == aws_iam_role_policy.this[0].policy
    error_message = "The output must be the policy of the role."
  }
}

run "image_without_layer" {
  command = plan

  variables {
    layer_arn        = null
    create_log_group = false
    alarms           = false
  }

  assert {
    condition     = length(output.layers) == 0 && length(aws_cloudwatch_log_group.this) == 0 && length(aws_cloudwatch_metric_alarm.this) == 0
    error_message = "Nothing was asked for, but something is made."
  }
}

run "alarms" {
  variables {
    alarm_actions = ["arn:aws-us-gov:sns:us-gov-west-1:123456789012:telemetry"]
  }

  assert {
    condition     = toset(keys(output.alarm_arns)) == toset(["dropped", "dead-lettered"])
    error_message = "There must be an alarm for each."
  }
  assert {
    condition     = alltrue([for name, alarm in aws_cloudwatch_metric_alarm.this : alarm.metric_name == aws_cloudwatch_log_metric_filter.this[name].metric_transformation[0].name && alarm.namespace == aws_cloudwatch_log_metric_filter.this[name].metric_transformation[0].namespace])
    error_message = "An alarm must watch the metric of its filter."
  }
}

run "refuses_a_layer_without_version" {
  command = plan
  variables {
    layer_arn = "arn:aws:lambda:eu-central-1:123456789012:layer:telemetry-extension"
  }
  expect_failures = [var.layer_arn]
}

run "refuses_a_prefixed_setting" {
  command = plan
  variables {
    settings = { TELEMETRY_EXTENSION_EMF = "off" }
  }
  expect_failures = [var.settings]
}

run "refuses_an_endpoint_without_scheme" {
  command = plan
  variables {
    otlp_endpoint = "collector:4318"
  }
  expect_failures = [var.otlp_endpoint]
}

run "refuses_other_arns_as_secrets" {
  command = plan
  variables {
    secret_arns = ["arn:aws:s3:::bucket"]
  }
  expect_failures = [var.secret_arns]
}
