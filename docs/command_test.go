package docs_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

var (
	commands = regexp.MustCompile("(?m)(?:\\$ |`|\\()grpcaud ([a-z]+)([^`<>|)\n]*)")
	flags    = regexp.MustCompile(`--[a-z-]+`)
)

// The commands on the pages are commands of the program, with flags that they have.
func TestEveryCommandExists(t *testing.T) {
	program := build(t)
	help := map[string]string{}
	for _, p := range pages(t) {
		for _, typed := range commands.FindAllStringSubmatch(p.text, -1) {
			command := typed[1]
			if help[command] == "" {
				out, _ := exec.CommandContext(t.Context(), program, command, "--help").CombinedOutput()
				help[command] = string(out)
			}
			if !strings.Contains(help[command], "grpcaud "+command) {
				t.Errorf("%s: there is no command %q", p.name, command)
			}
			for _, flag := range flags.FindAllString(typed[2], -1) {
				if !strings.Contains(help[command], " "+flag+" ") {
					t.Errorf("%s: %s has no flag %s", p.name, command, flag)
				}
			}
		}
	}
}

// A page that leads through a set-up says how to see whether it works.
func TestEveryProviderIsTried(t *testing.T) {
	for _, name := range setUps(t) {
		if !strings.Contains(pageNamed(t, name).text, "## Does it work?\n") {
			t.Errorf("%s does not say how to try it", name)
		}
	}
}
