output "function_name" {
  description = "Name of the demo function, for `aws lambda invoke`."
  value       = aws_lambda_function.demo.function_name
}

output "layer_version_arn" {
  description = "ARN of the layer version, to attach to other functions."
  value       = module.layer.arn
}
