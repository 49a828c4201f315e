package browser

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// rules are what axe-core checks: the Web Content Accessibility Guidelines 2.2, levels A
// and AA, and what its authors hold to be good practice.
const rules = `{runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}`

// violation is a rule that a page breaks, and where.
type violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// Accessible reports what axe-core finds wrong with the page as it is.
func (p *Page) Accessible() {
	p.t.Helper()
	for _, v := range p.violations() {
		var where strings.Builder
		for _, n := range v.Nodes {
			where.WriteString("\n  " + n.HTML + "\n    " + n.Summary)
		}
		p.t.Errorf("browser: %s: %s: %s%s", p.URL(), v.ID, v.Help, where.String())
	}
}

// violations returns the rules that the page breaks.
func (p *Page) violations() []violation {
	p.t.Helper()
	p.do("is given axe-core", chromedp.Evaluate[chromedp.Void](axe(p.t)))
	return get(p, "is examined by axe-core",
		chromedp.Evaluate[[]violation](`axe.run(document, `+rules+`).then(r => r.violations)`, chromedp.EvalAwaitPromise))
}

// axe returns the script of axe-core, which npm installs at the version, and with the
// hash, of package-lock.json.
func axe(t *testing.T) string {
	t.Helper()
	script, err := axeScript()
	if err != nil {
		t.Fatalf("browser: %v", err)
	}
	return script
}

var axeScript = sync.OnceValues(func() (string, error) {
	const root = ".." // the module's, where package.json is
	file := filepath.Join(root, "node_modules", "axe-core", "axe.min.js")
	if _, err := os.Stat(file); err != nil {
		install := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
		install.Dir, install.Stdout, install.Stderr = root, os.Stderr, os.Stderr
		if err := install.Run(); err != nil {
			return "", err
		}
	}
	script, err := os.ReadFile(file)
	return string(script), err
})
