# make test     build everything, warnings are errors, and run all tests; ends with "N passed, N failed"
# make test-fast  build, and run unit and sandbox tests without the slow ones; no native binary
# make lint     check the format of the sources
# make demo     run the layer and a function in a local Lambda, and show the traces that arrive; with DESTINATION=cloudwatch, the events
#               in a local CloudWatch Logs (moto)
# make view     serve the same function behind the Invoke API, with a page that shows its telemetry (the Aspire dashboard); VIEW_ARGS are
#               more options of lambda-sandbox serve
# make sandbox  write the sandbox to artifacts/sandbox/: a dotnet tool package, and a self-contained binary
# make conformance  check the layer with the sandbox's conformance kit, and write the table of docs/conformance.md
# make layer    write the layer and the demo function to artifacts/*.zip, for ARCHITECTURE: x86_64, arm64 or all (default: the host's)
# make size     print the parts of the extension's binary by size
# make reproducible   build the layer again in another folder, and compare the bytes
# make startup-order  record the order in which code runs at start, by which the compiler lays it out (commit the result)
# make bench    run benchmarks: BENCH_ARGS=all, or the names of some; without it this lists them
# make soak     run random faults against the layer for SOAK_SECONDS (default 180); SOAK_SEED repeats a run
# make release  write a release to artifacts/release: zips for both architectures, bills of material, OCI layout, sums, signature; and build
#               the layers again to compare the bytes. RELEASE_TAG checks the version; RELEASE_SIGNING_KEY or RELEASE_MINISIGN_KEY signs
#               (infra/release/release.sh)
# make doctor   list what this machine lacks, with the command that installs it
# make clean    remove everything that was built

HOST_ARCHITECTURE := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)
ARCHITECTURE ?= $(HOST_ARCHITECTURE)
ifneq ($(words $(ARCHITECTURE))$(filter-out x86_64 arm64 all,$(ARCHITECTURE)),1)
$(error ARCHITECTURE=$(ARCHITECTURE) is no architecture of Lambda; it is x86_64, arm64 or all: make layer ARCHITECTURE=all)
endif
# The host's own architecture comes first, so it is built even if the tools for another one are missing.
ARCHITECTURES := $(if $(filter all,$(ARCHITECTURE)),$(HOST_ARCHITECTURE) $(filter-out $(HOST_ARCHITECTURE),x86_64 arm64),$(ARCHITECTURE))
ARTIFACTS := $(CURDIR)/artifacts
# The layer for this machine, which the demo, the benchmarks and most tests use.
LAYER_ZIP := artifacts/telemetry-extension-layer-$(HOST_ARCHITECTURE).zip
FUNCTION_ZIP := artifacts/demo-function-$(HOST_ARCHITECTURE).zip
SOAK_SECONDS ?= 180

export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1
# The end-to-end tests find the zips here.
export TELEMETRY_EXTENSION_ARTIFACTS := $(ARTIFACTS)

.PHONY: test demo layer layer-here layers size reproducible startup-order bench soak release doctor clean test-fast lint prerequisites node-function node-clients dev-tools view sandbox conformance build-TelemetryLayer build-DemoFunction
.DEFAULT_GOAL := test

# Tests of an architecture that cannot be built here are skipped with the reason. CI does not allow that.
test: layer-here node-function node-clients dev-tools
	-@$(MAKE) --no-print-directory layers ARCHITECTURE=all && $(MAKE) --no-print-directory -C layer native-checks ARCHITECTURE=arm64
	dotnet build TelemetryExtension.sln -c Release --nologo -v quiet -clp:NoSummary -tl:off
	infra/dev/test.sh Release tests/*.Tests

FAST_TESTS := tests/TelemetryExtension.Tests tests/LambdaSandbox.Tests
test-fast:
	set -e; for project in $(FAST_TESTS); do dotnet build $$project -c Release --nologo -v quiet -clp:NoSummary -tl:off; done
	TEST_ARGS="--filter-not-trait Category=Slow" infra/dev/test.sh Release $(FAST_TESTS)

lint:
	dotnet format whitespace . --folder --verify-no-changes --exclude artifacts

# Only the demo writes to standard output, so that programs can read it (DEMO_ARGS=--json).
demo:
	@$(MAKE) --no-print-directory layer-here >&2
	@dotnet run -c Release --project src/LambdaSandbox -- demo --layer $(LAYER_ZIP) --function $(FUNCTION_ZIP) $(if $(DESTINATION),--destination $(DESTINATION)) $(DEMO_ARGS)

# Shows a dashboard with traces, logs and metrics of the demo function and its environment, until Ctrl-C.
view: layer-here
	@dotnet run -c Release --project src/LambdaSandbox -- serve --view --layer $(LAYER_ZIP) --function $(FUNCTION_ZIP) --name order-processing \
		--memory 256 --timeout 10s --tracing active --env AWS_LAMBDA_EXEC_WRAPPER=/opt/telemetry-wrapper --env DEMO_OTEL=true \
		--env TELEMETRY_EXTENSION_SELF_TRACES=true --invoke '{"order":{"id":"1001","items":2}}' --invoke '{"order":{"id":"13","fail":true}}' $(VIEW_ARGS)

RID := linux-$(if $(filter arm64,$(HOST_ARCHITECTURE)),arm64,x64)
sandbox:
	dotnet pack src/LambdaSandbox -c Release --nologo -v quiet -p:PackAsTool=true -o artifacts/sandbox
	dotnet publish src/LambdaSandbox -c Release --nologo -v quiet -r $(RID) --self-contained -p:PublishSingleFile=true \
		-p:DebugType=none -o artifacts/sandbox/$(RID)

conformance: layer-here
	dotnet run -c Release --project src/LambdaSandbox -- conformance --extension $(LAYER_ZIP) --costs --markdown docs/conformance.md

layer: prerequisites layers

layer-here: prerequisites
	@$(MAKE) --no-print-directory layers ARCHITECTURE=$(HOST_ARCHITECTURE)

# Build one after the other, and continue with the next when one fails.
layers:
	@failed=; for architecture in $(ARCHITECTURES); do \
		$(MAKE) --no-print-directory -C layer package ARCHITECTURE=$$architecture || failed="$$failed $$architecture"; \
	done; \
	if [ -n "$$failed" ]; then echo "no layer was built for:$$failed" >&2; exit 1; fi

size: prerequisites
	@for architecture in $(ARCHITECTURES); do $(MAKE) --no-print-directory -C layer size ARCHITECTURE=$$architecture || exit 1; done

reproducible: layer
	@for architecture in $(ARCHITECTURES); do layer/reproducible.sh $$architecture || exit 1; done

startup-order: layer-here
	layer/startup-order.sh

FLOOR := $(ARTIFACTS)/floor/extensions/floor

# A process namespace of its own, so that the extension finds only a Lambda's processes in /proc. Needs root.
BENCH_NAMESPACE = $(shell unshare --pid --fork --mount-proc true 2>/dev/null && echo unshare --pid --fork --mount-proc)
bench: layer-here $(FLOOR)
	dotnet build tests/Benchmarks -c Release --nologo -v quiet -clp:NoSummary -tl:off
	$(BENCH_NAMESPACE) dotnet run -c Release --no-build --project tests/Benchmarks -- $(BENCH_ARGS)

# The benchmarks compare the extension with this minimal extension.
$(FLOOR): tests/Benchmarks/floor/floor.c
	@mkdir -p $(@D)
	$(CC) -O2 -static -Wall -Wextra -D_GNU_SOURCE -o $@ $<

# Show live output: when a run breaks off, only its first lines name the seed.
soak: layer-here
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

# As root on Debian or Ubuntu this installs what is missing. Otherwise it prints how to install it, and stops.
prerequisites:
	@infra/dev/doctor.sh --install $(if $(filter-out $(HOST_ARCHITECTURE),$(ARCHITECTURES)),--cross)

# Installs the function with the OpenTelemetry JS SDK for the end-to-end tests. Without npm those tests are skipped. A failure of
# npm (no registry) fails nothing else: the tests report that the function is not installed.
NODE_FUNCTION := tests/EndToEnd.Tests/Otlp/node-function
node-function: $(ARTIFACTS)/node-function/installed.stamp
	@cp $(NODE_FUNCTION)/*.mjs $(NODE_FUNCTION)/*.cjs $(ARTIFACTS)/node-function/
$(ARTIFACTS)/node-function/installed.stamp: $(addprefix $(NODE_FUNCTION)/,package.json package-lock.json .npmrc)
	@mkdir -p $(@D) && cp $^ $(@D)/
	@if ! command -v npm >/dev/null; then echo "npm is missing: the tests with the OpenTelemetry JS SDK will be skipped"; \
	elif (cd $(@D) && npm ci --ignore-scripts --loglevel=error); then touch $@; \
	else echo "npm ci failed: the tests with the OpenTelemetry JS SDK will be skipped"; fi

# Installs the tools that check infra/ and docs/: linters and frameworks from npm, and tools from apt. A test without its tool is skipped.
dev-tools: $(ARTIFACTS)/dev-tools/installed.stamp $(ARTIFACTS)/cdk/installed.stamp
	@infra/dev/doctor.sh --install --tests --cross
$(ARTIFACTS)/dev-tools/installed.stamp: $(addprefix infra/dev/,package.json package-lock.json .npmrc)
$(ARTIFACTS)/cdk/installed.stamp: $(addprefix infra/cdk/,package.json package-lock.json .npmrc)
$(ARTIFACTS)/dev-tools/installed.stamp $(ARTIFACTS)/cdk/installed.stamp:
	@mkdir -p $(@D) && cp $^ $(@D)/
	@if ! command -v npm >/dev/null; then echo "npm is missing: tests of infra/ and docs/ will be skipped"; \
	elif (cd $(@D) && npm ci --ignore-scripts --loglevel=error); then touch $@; \
	else echo "npm ci failed: tests of infra/ and docs/ will be skipped"; fi

# Installs the AWS SDK and Node's runtime interface client for the tests of the sandbox. The client is compiled on this machine.
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
