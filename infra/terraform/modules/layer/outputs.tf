output "arn" {
  description = "ARN of the layer version, for the layers of a function."
  value       = aws_lambda_layer_version.this.arn
}

output "version" {
  description = "Number of the layer version."
  value       = aws_lambda_layer_version.this.version
}
