output "alarm_arns" {
  description = "Alarms on lost telemetry."
  value       = module.telemetry.alarm_arns
}
