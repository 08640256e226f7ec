# A function that you have already. Four lines of it change; they are marked. Everything else of the function stays.

provider "aws" {
  region = var.region
}

module "telemetry" {
  source = "../../modules/function-telemetry"

  function_name    = "orders"
  role_name        = var.role_name
  layer_arn        = var.layer_version_arn
  otlp_endpoint    = var.otlp_endpoint
  create_log_group = false # Lambda made it.
  environment      = { TABLE = "orders" }
}

data "aws_iam_role" "orders" {
  name = var.role_name
}

resource "aws_lambda_function" "orders" {
  function_name = "orders"
  role          = data.aws_iam_role.orders.arn
  runtime       = "nodejs22.x"
  handler       = "index.handler"
  filename      = var.function_zip
  layers        = module.telemetry.layers # changed

  environment {                              # changed: before { TABLE = "orders" }
    variables = module.telemetry.environment # changed
  }                                          # changed
}
