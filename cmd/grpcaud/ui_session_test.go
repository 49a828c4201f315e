package main_test

import (
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// secret is on every page that is for the user alone.
const secret = "customer-portal"

// TestUIAnswersItsUserOnly shows what somebody gets who has no address of the terminal, or one
// that was used.
func TestUIAnswersItsUserOnly(t *testing.T) {
	b := started(t, []string{"ui", company})
	first := strings.TrimPrefix(b.next, b.base)
	for _, path := range []string{"/", "/token", "/changes", "/events", "/nothing", "/?key=", "/?key=AAAAAAAAAAAAAAAAAAAAAAAAAA", "/?key=a&key=b", "/?kez=a", "/?key=%zz", first + "&a=b", "/token" + first[1:]} {
		a := b.get(t, path)
		a.want(t, http.StatusForbidden, "terminal")
		a.lacks(t, secret, "access.yaml")
	}
	b.send(t, b.request(t, http.MethodPost, "/token", "token=a")).want(t, http.StatusForbidden, "Open the address that the terminal shows")
	b.send(t, b.request(t, http.MethodPost, first, "")).want(t, http.StatusForbidden, "Open the address that the terminal shows")

	b.open(t)
	b.get(t, "/").want(t, http.StatusOK, secret)
	folder, jar := b.folder, b.client.Jar
	all := address.FindAllStringSubmatch(b.out.String(), -1)
	if len(all) != 2 || all[0][0] == all[1][0] {
		t.Fatalf("got addresses %q, want another one after the first was used", all)
	}
	b.client.Jar, b.folder = nil, ""
	a := b.get(t, first)
	a.want(t, http.StatusForbidden, "This address was used already", "If it was not you")
	a.lacks(t, secret)

	b.folder = folder
	for _, path := range []string{"/", "/token", "/changes", "/events", "/nothing"} {
		a := b.get(t, path)
		a.want(t, http.StatusForbidden, "Open the address that the terminal shows")
		a.lacks(t, secret)
	}
	home, err := url.Parse(b.base + folder + "/")
	if err != nil || len(jar.Cookies(home)) != 1 {
		t.Fatalf("cookies = %v, %v, want one", jar.Cookies(home), err)
	}
	cookie := jar.Cookies(home)[0]
	for name, value := range map[string]string{"another value": cookie.Name + "=x", "two cookies": cookie.String() + "; " + cookie.String(), "another name": "x=" + cookie.Value} {
		a := b.send(t, b.request(t, http.MethodGet, "/", "", func(r *http.Request) { r.Header.Set("Cookie", value) }))
		if a.status != http.StatusForbidden {
			t.Errorf("%s: status = %d, want 403", name, a.status)
		}
	}
}

// TestUICookie shows that scripts and other sites cannot use the cookie, and that servers at other
// ports do not get it: browsers send it to each port, but to its folder alone.
func TestUICookie(t *testing.T) {
	b := started(t, []string{"ui", company})
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	a := b.get(t, strings.TrimPrefix(b.next, b.base))
	a.want(t, http.StatusSeeOther)
	folder, cookie := a.header.Get("Location"), a.header.Get("Set-Cookie")
	if !regexp.MustCompile(`^/[A-Z2-7]{26}/$`).MatchString(folder) || strings.Contains(b.out.String(), folder) {
		t.Errorf("the key leads to %q, want a folder that nobody can guess", folder)
	}
	for _, want := range []string{"grpcaud-ui=", "; HttpOnly", "; SameSite=Strict", "; Path=" + folder} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie = %q, want it with %q", cookie, want)
		}
	}
}

// TestUIAnswersItsOwnHostOnly shows that the name of another site, which may resolve to this
// machine, gets nothing.
func TestUIAnswersItsOwnHostOnly(t *testing.T) {
	b := show(t, company)
	host := strings.TrimPrefix(b.base, "http://")
	_, port, err := net.SplitHostPort(host)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		host   string
		status int
	}{
		{host, http.StatusOK},
		{"localhost:" + port, http.StatusForbidden}, // which has no cookie yet
		{"attacker.example:" + port, 421},
		{"127.0.0.1.attacker.example:" + port, 421},
		{"localhost.attacker.example:" + port, 421},
		{"127.0.0.1", 421},
		{"localhost", 421},
		{"127.0.0.1:1", 421},
		{"127.0.0.1:0" + port, 421},
		{"127.0.0.1.:" + port, 421},
		{"localhost.:" + port, 421},
		{"LOCALHOST:" + port, 421},
		{"[::1]:" + port, 421},
		{"[::1]", 421},
		{"[::ffff:127.0.0.1]:" + port, 421},
		{"127.1:" + port, 421},
		{"2130706433:" + port, 421},
		{"0.0.0.0:" + port, 421},
		{"user@127.0.0.1:" + port, 421},
		{"127.0.0.1:" + port + ":" + port, 421},
	} {
		for _, path := range []string{"/", "/token"} {
			a := b.send(t, b.request(t, http.MethodGet, path, "", func(r *http.Request) { r.Host = row.host }))
			if a.status != row.status && !(a.status == http.StatusBadRequest && row.status == 421) { // net/http refuses some itself
				t.Errorf("host %q: status = %d, want %d", row.host, a.status, row.status)
			}
			if row.status != http.StatusOK {
				a.lacks(t, secret)
			}
		}
	}
}

// TestUIListensOnOtherLoopbackAddresses shows that each serves its page by its own name.
func TestUIListensOnOtherLoopbackAddresses(t *testing.T) {
	for addr, want := range map[string]string{"[::1]:0": "http://[::1]:", "127.0.0.2:0": "http://127.0.0.2:", "localhost:0": "http://"} {
		if l, err := net.Listen("tcp", addr); err != nil {
			t.Logf("this machine has no %s: %v", addr, err)
			continue
		} else {
			l.Close()
		}
		b := show(t, company, "--addr", addr)
		if !strings.HasPrefix(b.base, want) {
			t.Errorf("--addr %s: the page is at %s", addr, b.base)
		}
		b.get(t, "/").want(t, http.StatusOK, secret)
		port := b.base[strings.LastIndex(b.base, ":"):]
		b.send(t, b.request(t, http.MethodGet, "/", "", func(r *http.Request) { r.Host = "attacker.example" + port })).want(t, 421)
	}
}

// TestUIRefusesFormsOfOtherSites shows that only a form of the page is judged.
func TestUIRefusesFormsOfOtherSites(t *testing.T) {
	b := show(t, company)
	header := func(pairs ...string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Del("Origin")
			r.Header.Del("Sec-Fetch-Site")
			for i := 0; i < len(pairs); i += 2 {
				r.Header.Set(pairs[i], pairs[i+1])
			}
		}
	}
	for name, change := range map[string]func(*http.Request){
		"another origin":                 header("Origin", "https://attacker.example"),
		"an origin without name":         header("Origin", "null"),
		"another port of this machine":   header("Origin", "http://127.0.0.1:1", "Sec-Fetch-Site", "same-site"),
		"another site":                   header("Sec-Fetch-Site", "cross-site"),
		"another site with our origin":   header("Origin", b.base, "Sec-Fetch-Site", "cross-site"),
		"another port, without metadata": header("Origin", "http://127.0.0.1:1"),
	} {
		for _, path := range []string{"/token", "/changes"} {
			a := b.send(t, b.request(t, http.MethodPost, path, "token=a", change))
			if a.status != http.StatusForbidden || !strings.Contains(a.text, "This form was sent by another site") {
				t.Errorf("%s: %d\n%s", name, a.status, a.text)
			}
		}
	}
	b.paste(t, "a").want(t, http.StatusOK, "Refused by every service")
}
