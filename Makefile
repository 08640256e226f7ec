# make test     build everything, warnings are errors, and run all tests; ends with "N passed, N failed"
# make demo     run the layer and a function in a local Lambda, and show the traces that arrive; with DESTINATION=cloudwatch, what arrives
#               in a local CloudWatch Logs (moto)
# make view     the same function behind the Invoke API, with a page that shows its telemetry (the Aspire dashboard)
# make sandbox  write the sandbox to artifacts/sandbox/: a dotnet tool package, and a self-contained binary
# make layer    write the layer and the demo function to artifacts/*.zip
# make bench    run the benchmarks; BENCH_ARGS names some of them
# make soak     run random faults against the layer for SOAK_SECONDS (default 180); SOAK_SEED runs the same again
# make release  write a release to artifacts/release: zips for both architectures, bills of material, OCI layout, sums, signature; and build
#               the layers once more to compare the bytes. RELEASE_TAG checks the version; RELEASE_SIGNING_KEY signs (infra/release/release.sh)
# make doctor   say what this machine lacks, and the command that installs it
# make clean    remove everything that was built

ARCHITECTURE ?= $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)
ARTIFACTS := $(CURDIR)/artifacts
LAYER_ZIP := artifacts/telemetry-extension-layer-$(ARCHITECTURE).zip
FUNCTION_ZIP := artifacts/demo-function-$(ARCHITECTURE).zip
SOAK_SECONDS ?= 180

export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1
# Where the end-to-end tests find the zips.
export TELEMETRY_EXTENSION_ARTIFACTS := $(ARTIFACTS)

.PHONY: test demo layer bench soak release doctor clean prerequisites node-function node-clients dev-tools view sandbox build-TelemetryLayer build-DemoFunction
.DEFAULT_GOAL := test

test: layer node-function node-clients dev-tools
	dotnet build TelemetryExtension.sln -c Release --nologo -v quiet -clp:NoSummary -tl:off
	infra/dev/test.sh Release tests/*.Tests

# Standard output is the demo's alone, so that programs can read it (DEMO_ARGS=--json).
demo:
	@$(MAKE) --no-print-directory layer >&2
	@dotnet run -c Release --project src/LambdaSandbox -- demo --layer $(LAYER_ZIP) --function $(FUNCTION_ZIP) $(if $(DESTINATION),--destination $(DESTINATION)) $(DEMO_ARGS)

# The page: the dashboard with traces, logs and metrics of the demo function, and of what happens to its environment. Until Ctrl-C.
view: layer
	@dotnet run -c Release --project src/LambdaSandbox -- serve --view --layer $(LAYER_ZIP) --function $(FUNCTION_ZIP) --name order-processing \
		--memory 256 --timeout 10s --tracing active --env AWS_LAMBDA_EXEC_WRAPPER=/opt/telemetry-wrapper --env DEMO_OTEL=true \
		--invoke '{"order":{"id":"1001","items":2}}' --invoke '{"order":{"id":"13","fail":true}}' $(VIEW_ARGS)

RID := linux-$(if $(filter arm64,$(ARCHITECTURE)),arm64,x64)
sandbox:
	dotnet pack src/LambdaSandbox -c Release --nologo -v quiet -p:PackAsTool=true -o artifacts/sandbox
	dotnet publish src/LambdaSandbox -c Release --nologo -v quiet -r $(RID) --self-contained -p:PublishSingleFile=true \
		-p:DebugType=none -o artifacts/sandbox/$(RID)

layer: prerequisites
	$(MAKE) --no-print-directory -C layer package ARCHITECTURE=$(ARCHITECTURE)

FLOOR := $(ARTIFACTS)/floor/extensions/floor

bench: layer $(FLOOR)
	dotnet run -c Release --project tests/Benchmarks -- $(BENCH_ARGS)

# What the extension is measured against: the least that one can be.
$(FLOOR): tests/Benchmarks/floor/floor.c
	@mkdir -p $(@D)
	$(CC) -O2 -static -Wall -Wextra -D_GNU_SOURCE -o $@ $<

# What a run that breaks off was about is known only from what it said at its start.
soak: layer
	TELEMETRY_EXTENSION_SOAK_SECONDS=$(SOAK_SECONDS) TELEMETRY_EXTENSION_SOAK_SEED=$(SOAK_SEED) \
		dotnet test --project tests/EndToEnd.Tests -c Release --filter-class '*.SoakTests' --show-live-output on

release:
	@$(MAKE) --no-print-directory layer ARCHITECTURE=all
	@infra/dev/doctor.sh --install --tests
	RELEASE_SIGNING_KEY=$(RELEASE_SIGNING_KEY) RELEASE_MINISIGN_KEY=$(RELEASE_MINISIGN_KEY) infra/release/release.sh $(if $(RELEASE_TAG),--tag $(RELEASE_TAG))
	@$(MAKE) --no-print-directory reproducible ARCHITECTURE=all

doctor:
	infra/dev/doctor.sh

clean:
	rm -rf artifacts src/*/bin src/*/obj tests/*/bin tests/*/obj

# As root on Debian or Ubuntu this installs what is missing; otherwise it says how, and stops.
prerequisites:
	@infra/dev/doctor.sh --install

# The function with the OpenTelemetry JS SDK that end-to-end tests run. Without npm there is none, and those tests are skipped. An npm
# that fails (no registry) fails nothing else either: the tests say that it was not installed.
NODE_FUNCTION := tests/EndToEnd.Tests/Otlp/node-function
node-function: $(ARTIFACTS)/node-function/installed.stamp
	@cp $(NODE_FUNCTION)/*.mjs $(ARTIFACTS)/node-function/
$(ARTIFACTS)/node-function/installed.stamp: $(addprefix $(NODE_FUNCTION)/,package.json package-lock.json .npmrc)
	@mkdir -p $(@D) && cp $^ $(@D)/
	@if ! command -v npm >/dev/null; then echo "npm is missing: the tests with the OpenTelemetry JS SDK will be skipped"; \
	elif (cd $(@D) && npm ci --ignore-scripts --loglevel=error); then touch $@; \
	else echo "npm ci failed: the tests with the OpenTelemetry JS SDK will be skipped"; fi

# What checks infra/ and docs/: linters and frameworks from npm, and tools from apt. As above, a test whose tool is missing is skipped.
dev-tools: $(ARTIFACTS)/dev-tools/installed.stamp $(ARTIFACTS)/cdk/installed.stamp
	@infra/dev/doctor.sh --install --tests
$(ARTIFACTS)/dev-tools/installed.stamp: $(addprefix infra/dev/,package.json package-lock.json .npmrc)
$(ARTIFACTS)/cdk/installed.stamp: $(addprefix infra/cdk/,package.json package-lock.json .npmrc)
$(ARTIFACTS)/dev-tools/installed.stamp $(ARTIFACTS)/cdk/installed.stamp:
	@mkdir -p $(@D) && cp $^ $(@D)/
	@if ! command -v npm >/dev/null; then echo "npm is missing: tests of infra/ and docs/ will be skipped"; \
	elif (cd $(@D) && npm ci --ignore-scripts --loglevel=error); then touch $@; \
	else echo "npm ci failed: tests of infra/ and docs/ will be skipped"; fi

# The AWS SDK and Node's runtime interface client, for the tests of the sandbox. The client is compiled on this machine.
NODE_CLIENTS := tests/EndToEnd.Tests/Local/node-clients
node-clients: $(ARTIFACTS)/node-clients/installed.stamp
	@cp $(NODE_CLIENTS)/*.mjs $(ARTIFACTS)/node-clients/
$(ARTIFACTS)/node-clients/installed.stamp: $(addprefix $(NODE_CLIENTS)/,package.json package-lock.json .npmrc)
	@mkdir -p $(@D) && cp $^ $(@D)/
	@if ! command -v npm >/dev/null; then echo "npm is missing: the tests with the AWS SDK for JavaScript will be skipped"; \
	elif (cd $(@D) && npm ci --loglevel=error); then touch $@; \
	else echo "npm ci failed: the tests with the AWS SDK for JavaScript will be skipped"; fi

# `sam build` calls these here, because template.yaml names the repository root as the source of both.
build-TelemetryLayer build-DemoFunction:
	$(MAKE) -C layer $@
