variable "filename" {
  description = "Path of the layer zip that `make layer` writes. One zip per architecture."
  type        = string

  validation {
    condition     = endswith(var.filename, ".zip")
    error_message = "filename must name a .zip file."
  }
}

variable "layer_name" {
  description = "Name of the layer."
  type        = string
  default     = "telemetry-extension"

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,140}$", var.layer_name))
    error_message = "layer_name may hold up to 140 letters, digits, hyphens and underscores."
  }
}

variable "architecture" {
  description = "Architecture the zip was built for: x86_64 or arm64."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture must be x86_64 or arm64."
  }
}

variable "skip_destroy" {
  description = "Keep old versions when a new one is published, as functions of other states may still use them."
  type        = bool
  default     = true
}
