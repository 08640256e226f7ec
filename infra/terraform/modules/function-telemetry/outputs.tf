output "environment" {
  description = "Environment variables of the function: its own, and those of the extension. Sensitive, as otlp_headers may hold a key."
  value       = local.environment
  sensitive   = true
}

output "layers" {
  description = "Layers of the function: its own, then the extension."
  value       = concat(var.layers, compact([var.layer_arn]))
}

output "log_group_name" {
  description = "Log group of the function, for its logging_config."
  value       = var.create_log_group ? aws_cloudwatch_log_group.this[0].name : local.log_group_name
}

output "log_group_arn" {
  description = "ARN of the function's log group, without the trailing :*."
  value       = var.create_log_group ? aws_cloudwatch_log_group.this[0].arn : "${local.logs}:${local.log_group_name}"
}

output "policy_json" {
  description = "What the extension needs beside the function's own permissions, for a role that is managed elsewhere. Null for nothing."
  value       = length(local.statements) == 0 ? null : jsonencode({ Version = "2012-10-17", Statement = local.statements })
}

output "alarm_arns" {
  description = "ARNs of the alarms: dropped and dead-lettered."
  value       = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => alarm.arn }
}
