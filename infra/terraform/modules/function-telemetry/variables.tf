variable "function_name" {
  description = "Name of the function. Names of policies, alarms and the log group follow it."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,64}$", var.function_name))
    error_message = "function_name may hold up to 64 letters, digits, hyphens and underscores."
  }
}

variable "role_name" {
  description = "Name of the function's role, which gets the permissions below. Null adds no permission."
  type        = string
  default     = null
}

variable "layer_arn" {
  description = "ARN of the layer version, such as module.layer.arn. Null where the extension is inside a container image."
  type        = string
  default     = null

  validation {
    condition     = var.layer_arn == null || can(regex("^arn:[^:]+:lambda:[^:]+:[0-9]{12}:layer:[^:]+:[0-9]+$", coalesce(var.layer_arn, "none")))
    error_message = "layer_arn must be the ARN of a layer version: it ends in the version's number."
  }
}

variable "layers" {
  description = "Other layers of the function. They come before this one."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.layers) <= 4
    error_message = "A function has at most five layers, and this module adds one."
  }
}

variable "environment" {
  description = "The function's own environment variables. They win over those of this module."
  type        = map(string)
  default     = {}
}

variable "otlp_endpoint" {
  description = "Base URL of the OTLP backend, such as https://collector.example.com:4318. Null for none."
  type        = string
  default     = null

  validation {
    condition     = can(regex("^https?://", coalesce(var.otlp_endpoint, "https://")))
    error_message = "otlp_endpoint must begin with http:// or https://."
  }
}

variable "otlp_protocol" {
  description = "http/protobuf or grpc. Null for the extension's default, http/protobuf."
  type        = string
  default     = null

  validation {
    condition     = contains(["http/protobuf", "grpc"], coalesce(var.otlp_protocol, "grpc"))
    error_message = "otlp_protocol must be http/protobuf or grpc."
  }
}

variable "otlp_headers" {
  description = <<-EOT
    Headers for the backend: key=value pairs separated by commas, values percent-encoded.
    Whoever may read the function's configuration can read them there. So name a secret instead of the value: "authorization=Bearer%20$${arn:...}".
  EOT
  type        = string
  default     = null
  sensitive   = true
}

variable "secret_arns" {
  description = "Secrets (Secrets Manager) and parameters (SSM) that otlp_headers or a setting names. The function may then read them."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.secret_arns : can(regex("^arn:[^:]+:(secretsmanager|ssm):[^:]+:[0-9]{12}:", arn))])
    error_message = "secret_arns must be ARNs of Secrets Manager secrets or SSM parameters."
  }
}

variable "kms_key_arns" {
  description = "Customer managed keys that encrypt these secrets. None for AWS managed keys."
  type        = list(string)
  default     = []
}

variable "wrapper" {
  description = "Starts the runtime through /opt/telemetry-wrapper: for a function on a managed runtime that has an OpenTelemetry SDK of its own."
  type        = bool
  default     = false
}

variable "settings" {
  description = "Other settings (docs/settings.md), without the prefix TELEMETRY_EXTENSION_: { FLUSH_STRATEGY = \"end\" }."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name, value in var.settings : can(regex("^[A-Z0-9_]+$", name)) && !startswith(name, "TELEMETRY_EXTENSION_")])
    error_message = "settings are named in upper case and without the prefix TELEMETRY_EXTENSION_."
  }
}

variable "cloudwatch_log_group" {
  description = "Log group for log records and metrics (Embedded Metric Format). The extension creates it when it is missing. Null for none."
  type        = string
  default     = null

  validation {
    condition     = can(regex("^[a-zA-Z0-9_/.#-]{1,512}$", coalesce(var.cloudwatch_log_group, "none")))
    error_message = "cloudwatch_log_group may hold up to 512 letters, digits and any of _ / . # -."
  }
}

variable "dead_letter_log_group" {
  description = "Log group for dead letters. Null leaves them in the function's own log group."
  type        = string
  default     = null

  validation {
    condition     = can(regex("^[a-zA-Z0-9_/.#-]{1,512}$", coalesce(var.dead_letter_log_group, "none")))
    error_message = "dead_letter_log_group may hold up to 512 letters, digits and any of _ / . # -."
  }
}

variable "create_log_group" {
  description = "Creates the function's log group. False where it exists already."
  type        = bool
  default     = true
}

variable "log_group_name" {
  description = "Name of the function's log group. Null for /aws/lambda/FUNCTION."
  type        = string
  default     = null
}

variable "log_retention_days" {
  description = "How long CloudWatch Logs keeps the function's log lines."
  type        = number
  default     = 14

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a number of days that CloudWatch Logs offers, such as 7, 14 or 30."
  }
}

variable "alarms" {
  description = "Creates alarms on dropped and on dead-lettered records. They count the extension's ledger lines in the function's log group."
  type        = bool
  default     = true
}

variable "alarm_actions" {
  description = "What an alarm does: ARNs such as those of SNS topics."
  type        = list(string)
  default     = []
}

variable "tags" {
  description = "Tags of the log group and of the alarms."
  type        = map(string)
  default     = {}
}
