mock_provider "aws" {}

run "both_architectures" {
  variables {
    filename     = "tests/stand-in.zip"
    architecture = "arm64"
  }

  assert {
    condition     = aws_lambda_layer_version.this.compatible_architectures == toset(["arm64"])
    error_message = "The architecture is not passed on."
  }
  assert {
    condition     = aws_lambda_layer_version.this.source_code_hash == filebase64sha256("tests/stand-in.zip")
    error_message = "A changed zip must make a new version."
  }
  assert {
    condition     = aws_lambda_layer_version.this.skip_destroy
    error_message = "Old versions must stay by default."
  }
}

run "refuses_an_unknown_architecture" {
  command = plan
  variables {
    filename     = "tests/stand-in.zip"
    architecture = "amd64"
  }
  expect_failures = [var.architecture]
}
