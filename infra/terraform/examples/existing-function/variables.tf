variable "region" {
  description = "AWS region of the function."
  type        = string
  default     = "eu-central-1"
}

variable "role_name" {
  description = "Role of the function."
  type        = string
}

variable "layer_version_arn" {
  description = "ARN of a layer version that was published before (infra/publish)."
  type        = string
}

variable "function_zip" {
  description = "The function's code."
  type        = string
}

variable "otlp_endpoint" {
  description = "Base URL of the OTLP backend."
  type        = string
}
