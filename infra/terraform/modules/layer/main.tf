# No compatible_runtimes: an extension runs beside every runtime, and naming some would only hide the layer from the others.
resource "aws_lambda_layer_version" "this" {
  layer_name               = var.layer_name
  description              = "Sends traces, logs and metrics of every invocation to an OTLP backend."
  filename                 = var.filename
  source_code_hash         = filebase64sha256(var.filename)
  compatible_architectures = [var.architecture]
  license_info             = "Apache-2.0"
  skip_destroy             = var.skip_destroy
}
