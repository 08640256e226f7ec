variable "region" {
  description = "AWS region of the function."
  type        = string
  default     = "eu-central-1"
}

variable "function_name" {
  description = "Name of the demo function."
  type        = string
  default     = "telemetry-extension-demo"

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,64}$", var.function_name))
    error_message = "function_name may hold up to 64 letters, digits, hyphens and underscores."
  }
}

variable "architecture" {
  description = "Architecture the zips were built for: x86_64 or arm64."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture must be x86_64 or arm64."
  }
}

variable "artifacts" {
  description = "Folder with the zips that `make layer` writes; null for artifacts/ of this repository."
  type        = string
  default     = null
}

variable "runtime" {
  description = "provided.al2023, or provided.al2 for a function that exists already: AWS no longer lets anyone create one on it."
  type        = string
  default     = "provided.al2023"

  validation {
    condition     = contains(["provided.al2023", "provided.al2"], var.runtime)
    error_message = "runtime must be provided.al2023 or provided.al2."
  }
}

variable "otlp_endpoint" {
  description = "Base URL of the OTLP backend, such as https://collector.example.com:4318. Null for none."
  type        = string
  default     = null
}

variable "otlp_headers" {
  description = "Headers for the backend, as key=value pairs separated by commas, values percent-encoded. A value may name a secret: $${arn:...}."
  type        = string
  default     = null
  sensitive   = true
}

variable "secret_arns" {
  description = "Secrets that otlp_headers names."
  type        = list(string)
  default     = []
}

variable "cloudwatch_log_group" {
  description = "Log group for log records and metrics (Embedded Metric Format), such as /otel/demo, created when it is missing. Null for none."
  type        = string
  default     = null
}

variable "log_retention_days" {
  description = "How long CloudWatch Logs keeps the function's log lines."
  type        = number
  default     = 14
}

variable "alarm_actions" {
  description = "What the alarms on lost telemetry do: ARNs such as those of SNS topics."
  type        = list(string)
  default     = []
}
