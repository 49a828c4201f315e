# What a contributor runs. It needs Go alone, and changes nothing but Go's caches.
# The whole run, with real providers, is .ci/run.

# Tests start no real providers, whatever the environment says.
export GRPCAUD_IDPS =

TOOL = go tool -modfile=tools/go.mod

.PHONY: test check

test:
	go test ./...

check:
	@files=$$($(TOOL) gofumpt -l .) || exit; if [ -n "$$files" ]; then printf 'not formatted:\n%s\n' "$$files"; exit 1; fi
	go vet ./...
	$(TOOL) staticcheck ./...
	go mod tidy -diff
	@if [ "$$(go env CGO_ENABLED)" = 1 ]; then \
		echo 'go test -race ./...' && go test -race ./...; \
	else \
		echo 'go test ./...   (without the race detector, which needs a C compiler)' && go test ./...; \
	fi
