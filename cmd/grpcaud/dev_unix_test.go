//go:build unix

package main_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/dev"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// TestDevRotatesKeysOnASignal shows that the signal HUP rotates the keys and ends nothing.
func TestDevRotatesKeysOnASignal(t *testing.T) {
	d := develop(t, shopMatrix)
	before := d.keys(t)
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	d.log.wait(t, "the keys are rotated")
	if after := d.keys(t); after == before {
		t.Errorf("the keys are still\n%s", after)
	}
}

// TestDevPrintsWordsForAShell shows that the names of files, and what a descriptor holds, are
// words of the lines to copy, and no commands; and that programs can read the file beside.
func TestDevPrintsWordsForAShell(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash here")
	}
	set, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{{
		Name: proto.String("a.proto"), Package: proto.String("shop.v1"),
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("Orders"), Method: []*descriptorpb.MethodDescriptorProto{{Name: proto.String("A;$(id)")}}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "it's $(id) `id`", "ac\ncess\x1b[31m.yaml")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, path, `version: 1
issuers: {corp: {url: 'https://idp.example.com'}}
services: {orders: {grpc: [shop.v1.Orders], allow: [{clients: [office], methods: [Delete], scopes: none}]}}
clients: {office: {}}
`)
	d := developAt(t, path, "--descriptors", file(t, "set.binpb", string(set)))
	written := dev.OutputPath(path)
	lines := 0
	for _, line := range d.page {
		if output.Printable(line) != line {
			t.Errorf("%q controls the terminal", line)
		}
		rest, ok := strings.CutPrefix(line, "grpcaud ")
		if !ok {
			continue
		}
		lines++
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		text, err := exec.CommandContext(ctx, bash, "-c", `printf '%s\0' `+rest).Output()
		cancel()
		words := strings.Split(string(text), "\x00")
		if err != nil || len(words) < 3 || words[1] != written || strings.Contains(line, "A;") && !slices.Contains(words, "A;$(id)") {
			t.Errorf("a shell reads %q of %s, %v", words, line, err)
		}
	}
	if lines != 3 || !strings.Contains(strings.Join(d.page, "\n"), "A;") {
		t.Errorf("%d lines, want serve and two calls, one of them of the descriptor's method\n%s", lines, strings.Join(d.page, "\n"))
	}
	if _, err := policyfile.Load(written); err != nil {
		t.Error(err)
	}
}
