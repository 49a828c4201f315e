package presented

import (
	"fmt"
	"os"
	"strings"
)

// CheckTable returns an error unless a page has this table between a comment that begins
// with begin and <!-- end -->. With update it writes the table there.
func CheckTable(path, begin, table string, update bool) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(text), begin)
	comment, rest, closed := strings.Cut(rest, "-->\n")
	old, after, ended := strings.Cut(rest, "<!-- end -->")
	switch {
	case !found, !closed, !ended:
		return fmt.Errorf("%s has no marks %q and <!-- end -->", path, begin)
	case old == table:
		return nil
	case update:
		return os.WriteFile(path, []byte(before+begin+comment+"-->\n"+table+"<!-- end -->"+after), 0o666)
	default:
		return fmt.Errorf("%s is not what was found out; run the test with -update: got\n%s", path, table)
	}
}
